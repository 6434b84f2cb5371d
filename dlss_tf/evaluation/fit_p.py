"""Eq. 1 for one's own data: a quadratic through measured errors against coverage (paper section II, fig. 2)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import numpy as np

from .. import lattice
from ..config import CONFIG_FILE, RULES, Config, preset
from ..data.files import list_files
from ..errors import InputError
from ..inference.supersampler import Supersampler
from ..models import check_size
from ..progress import each
from .images import blurred, central_crops, completed
from .metrics import mse


def fit_p(
    weights: Sequence[str], data: Sequence[str], run: str, *, split: str = "val", size: int = 512
) -> tuple[Config, dict[int, float]]:
    """Fit eq. 1 to the errors of trained generators and write `run/config.json`, a unified run that divides by it.

    `weights` are run directories of generators for one coverage each, or of one unified generator; each is measured at
    the coverages that it was trained for, in the crop's [0, 1] against what it was trained towards. Where several have
    a coverage, their mean counts. The config is the first run's with its preset's coverages, the fitted
    `p_coefficients` and the latest training rules; `dlss-tf train --run RUN --resume` begins it. Returns it and the MSE
    by factor.

    Raises:
        InputError: bad weights or data, generators of different objectives, fewer than three coverages, a fit that is
            not positive at every coverage, or a run that exists.
    """
    check_size(size)
    if os.path.exists(os.path.join(run, CONFIG_FILE)):
        raise InputError(f"run {run}: expected a new one to write the fit into, found a run")
    supersamplers = [Supersampler(directory) for directory in weights]
    first = supersamplers[0].config
    if any(supersampler.config.network != "two-stage" for supersampler in supersamplers):
        raise InputError("weights: expected two-stage generators, found another")
    if len({supersampler.config.objective for supersampler in supersamplers}) > 1:
        raise InputError("weights: expected generators of one objective, found blur and no-blur")
    errors = _mean_errors(supersamplers, list_files(data, split), size)
    coefficients = fit_quadratic({lattice.coverage(s): error for s, error in errors.items()})
    config = first.replace(factors=preset(first.preset).factors, p_coefficients=coefficients, rules=RULES)
    config.save_in(run)
    return config, errors


def fit_quadratic(errors: Mapping[float, float]) -> tuple[float, ...]:
    """Coefficients of 1, c and c^2 of the least-squares quadratic through MSEs by coverage c.

    Raises:
        InputError: there are fewer than three coverages.
    """
    if len(errors) < 3:
        raise InputError(f"weights: expected at least three coverages to fit a quadratic, found {len(errors)}")
    return tuple(float(a) for a in np.polynomial.Polynomial.fit(list(errors), list(errors.values()), 2).convert().coef)


def _mean_errors(supersamplers: Sequence[Supersampler], files: Sequence[str], size: int) -> dict[int, float]:
    """MSE by factor, over images and generators."""
    errors: dict[int, list[float]] = {s: [] for each in supersamplers for s in each.config.factors}
    for _, crop in each("measuring", central_crops(files, size), len(files)):
        for supersampler in supersamplers:
            target = crop if supersampler.config.objective == "no-blur" else blurred(crop)
            for s in supersampler.config.factors:
                errors[s].append(mse(completed(supersampler, crop, s)[1], target))
    return {s: float(np.mean(each)) for s, each in sorted(errors.items())}


def format_fit(config: Config, errors: Mapping[int, float]) -> str:
    """Measured and fitted MSE by coverage, for a terminal."""
    lines = [f"{'coverage':>8}{'MSE':>12}{'fitted':>12}{'p(c)':>8}"]
    for s in sorted({*errors, *config.factors}):
        c = lattice.coverage(s)
        measured = f"{errors[s]:.6f}" if s in errors else "-"
        fitted, p = lattice.p_raw(c, config.p_coefficients), lattice.p(c, config.p_coefficients, config.factors)
        lines.append(f"{f'1/{s**2}':>8}{measured:>12}{fitted:>12.6f}{p:>8.3f}")
    a, b, c = config.p_coefficients
    return "\n".join([*lines, f"p_raw(c) = {a:.6g} {b:+.6g} c {c:+.6g} c^2"])
