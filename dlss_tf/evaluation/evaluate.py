"""Table 2 for any weights, data and coverages (paper section III; method.md section 9)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence

import numpy as np

from .. import lattice
from ..config import Config
from ..data.files import list_files
from ..errors import InputError, warn
from ..formats.drawing import evenly_spaced
from ..formats.replacing import replacing_all
from ..inference.supersampler import Supersampler
from ..models import check_size
from ..weights import PRETRAINED
from . import interpolation
from .images import blurred, central_crops, completed, image_name, label, refined
from .metrics import ABOUT, METHOD_NAMES, TABLE_HEADER, mse, summarize, table_rows
from .passes import one_pass
from .results import identity, provenance, results_folder, write_csv, write_json
from .sheet import Panel, error_maps, write_sheet

TABLE_2_FACTORS = (4, 5, 6, 8, 10)
VALIDATION_CROPS = 32  # that choose the smoothed row's sigma
WITHOUT_VALIDATION = "its Gaussian is chosen on validation images, and there are none"
TITLES = ("scan, infilled", "best rival", "output", "truth, blurred", "rival's error", "output's error")


def evaluate(
    weights: str | None,
    data: Sequence[str],
    *,
    split: str = "test",
    factors: Sequence[int] | None = None,
    size: int = 512,
    limit: int | None = None,
    results: str = "results",
    name: str = "table2",
    sheet_images: int = 4,
) -> dict:
    """Evaluate a generator and the traditional methods; write `results/name.{json,csv,png}` and return the JSON.

    `weights` is a run directory, or None for the pretrained generator. Every MSE is in the crop's [0, 1] against the
    crop blurred by 5x5, 2.5 px. Crops are the central size x size px of the split's images, the first `limit` of them
    or all; interrupted or killed, the same call goes on where it was. `factors` are Table 2's if not given, or a
    single-coverage generator's own. Without a validation split there is no row `smoothed`, and a warning at once. The
    sheet shows `sheet_images` crops, evenly spaced, at the first, the middle and the last of `factors`.

    Raises:
        InputError: bad weights, data or arguments.
    """
    check_size(size)
    supersampler = Supersampler(weights)
    factors = [supersampler.check_factor(s) for s in factors or default_factors(supersampler.config)]
    files = list_files(data, split)[:limit]
    sigmas = _best_sigmas(data, factors, size)
    sigmas_px = {label(s): sigma for s, sigma in sigmas.items()}
    path = os.path.join(results, name)

    def measure(crop: np.ndarray) -> tuple[dict, dict]:
        return {label(s): _errors(crop, supersampler, s, sigmas.get(s)) for s in factors}, {}

    def report_on(values: Mapping[str, dict]) -> dict:
        per_image = {image_name(file, data): errors for file, errors in values.items()}
        return {
            "images": len(per_image),
            "coverages": summarize(per_image),
            "per_image": per_image,
            "about": ABOUT,
            "smoothed_sigma_px": sigmas_px,
            "left_out": {} if sigmas else {"smoothed": WITHOUT_VALIDATION},
            "config": json.loads(supersampler.config.to_json()),
            "weights": weights or PRETRAINED,
            **provenance(data, split, size),
        }

    def publish(so_far: Mapping[str, dict], _: object) -> None:
        if not os.path.exists(f"{path}.csv"):  # beside which another evaluation's would be taken for its own
            write_json(f"{path}.json", report_on(so_far))

    with results_folder(results):
        known = identity(weights, files, size, sigmas=sigmas_px)
        values, _ = one_pass(path, known, files, size, measure, publish)
        report = report_on(values)
        shown = [files[i] for i in sorted(evenly_spaced(sheet_images, len(files)))]
        rivals = {s: _best_rival(report["coverages"][label(s)]) for s in _shown(factors)}
        _write(path, report, _sheet_rows(shown, size, supersampler, rivals, sigmas))
    return report


def _shown(factors: Sequence[int]) -> list[int]:
    """The first, the middle and the last."""
    return list(dict.fromkeys([factors[0], factors[len(factors) // 2], factors[-1]]))


def _best_rival(methods: Mapping[str, Mapping[str, float]]) -> str:
    """Of the methods that know where the samples lie, the one with the least root mean MSE."""
    return min(filter(methods.__contains__, interpolation.CHARITABLE), key=lambda method: methods[method]["mean"])


def _sheet_rows(
    files: Sequence[str], size: int, supersampler: Supersampler, rivals: Mapping[int, str], sigmas: Mapping[int, float]
) -> list[tuple[str, list[Panel]]]:
    """Of each file, for each factor with its best rival, a row of `TITLES`."""
    rows = []
    for file, crop in central_crops(files, size):
        target = blurred(crop)
        for s, rival in rivals.items():
            infilled, output = completed(supersampler, crop, s)
            other = _interpolated(crop, s, rival, sigmas.get(s))
            maps = error_maps([other, output], target)
            white = f"white: {maps[0].limits[1]:.2g}" if maps[0].limits else ""
            names = {f"{label(s)} px": infilled, METHOD_NAMES[rival]: other, METHOD_NAMES["dlss"]: output}
            images = [Panel(each, None, f"{name}\n{mse(each, target) ** 0.5:.4f}") for name, each in names.items()]
            truth = Panel(target, None, "root MSE to this")
            rows.append((os.path.basename(file), [*images, truth, *(each._replace(caption=white) for each in maps)]))
    return rows


def default_factors(config: Config) -> Sequence[int]:
    """Table 2's for a unified generator; a single-coverage one's own."""
    return TABLE_2_FACTORS if len(config.factors) > 1 else config.factors


def _errors(crop: np.ndarray, supersampler: Supersampler, factor: int, sigma: float | None) -> dict[str, float]:
    """MSE of every row of Table 2 for crop [N, N] in [0, 1] at one coverage; without a sigma not of `smoothed`."""
    part = interpolation.published_crop(crop, factor)
    target, blurred_part = blurred(crop), blurred(part)
    errors = {m: mse(interpolation.published(crop, factor, m), blurred_part) for m in interpolation.PUBLISHED}
    output = completed(supersampler, crop, factor)[1]
    errors["dlss"] = mse(output, target)
    errors["dlss_refined"] = mse(refined(output, crop, factor), target)
    for method in interpolation.CHARITABLE:
        if method != "smoothed" or sigma is not None:
            errors[method] = mse(_interpolated(crop, factor, method, sigma), target)
    return errors


def _interpolated(crop: np.ndarray, factor: int, method: str, sigma: float | None) -> np.ndarray:
    """What one of `interpolation.CHARITABLE` makes of the crop's scan."""
    arguments = (lattice.downsample(crop, factor), crop.shape, factor, *([sigma] if method == "smoothed" else []))
    return getattr(interpolation, method)(*arguments)


def _best_sigmas(data: Sequence[str], factors: Sequence[int], size: int) -> dict[int, float]:
    """The smoothed row's sigma for each factor, chosen on the validation split; none, and a warning, without one."""
    try:
        files = list_files(data, "val")[:VALIDATION_CROPS]
    except InputError as error:
        warn(f"the row {METHOD_NAMES['smoothed']} is left out: {WITHOUT_VALIDATION}; {error}", stacklevel=2)
        return {}
    crops = [crop for _, crop in central_crops(files, size)]
    targets = [blurred(crop) for crop in crops]
    return {s: interpolation.best_sigma(crops, targets, s) for s in factors}


def _write(path: str, report: dict, rows: list[tuple[str, list[Panel]]]) -> None:
    """All together, so that what stands side by side is of one evaluation."""
    with replacing_all([path + suffix for suffix in (".csv", ".json", ".png")[: 3 if rows else 2]]) as besides:
        write_csv(besides[0], [TABLE_HEADER, *table_rows(report)])
        write_json(besides[1], report)
        if rows:
            write_sheet(besides[2], rows, TITLES)
