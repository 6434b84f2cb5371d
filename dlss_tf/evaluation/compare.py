"""Generators side by side on the same scans: sheets, errors and power spectra (paper figs 13 to 15, 19 to 21)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence

import numpy as np

from ..data.files import list_files
from ..formats.drawing import evenly_spaced
from ..formats.replacing import replacing_all
from ..inference.supersampler import Supersampler
from ..models import check_size
from ..progress import each
from .curves import write_curves
from .images import blurred, blurred_output, central_crops, completed, image_name, label
from .metrics import mse, root_mean
from .results import provenance, results_folder, write_json
from .sheet import write_sheet
from .spectra import HIGH, high_frequency_difference, largest_difference, power_spectrum


def compare(
    weights: Mapping[str, str],
    data: Sequence[str],
    *,
    factor: int = 5,
    split: str = "test",
    size: int = 512,
    limit: int | None = None,
    results: str = "results",
    name: str = "compare",
    sheet_images: int = 4,
) -> dict:
    """Run generators, `weights` by the title of each, on one coverage; write `results/name*` and return the JSON.

    `name.png` shows input, outputs and truth of `sheet_images` crops; `name-spectra.png` the mean power spectra.
    For each generator, the JSON has root mean MSEs against the truth as it is and blurred by 5x5, 2.5 px, the latter
    also of outputs blurred by 3x3, 1.5 px, as eq. 10 has it, which counts less of an output's own noise; the
    high-frequency difference of its spectra from the truth's: mean and mean absolute value over images, decades; and
    how far the mean spectrum is from the truth's at most, at high frequencies.

    Raises:
        InputError: bad weights, data or arguments.
    """
    check_size(size)
    supersamplers = {title: Supersampler(directory) for title, directory in weights.items()}
    for supersampler in supersamplers.values():
        supersampler.check_factor(factor)
    files = list_files(data, split)[:limit]
    shown = evenly_spaced(sheet_images, len(files))
    per_image, rows, powers = {}, [], []
    for i, (path, crop) in enumerate(each("comparing", central_crops(files, size), len(files))):
        pairs = {title: completed(supersampler, crop, factor) for title, supersampler in supersamplers.items()}
        outputs = {title: output for title, (_, output) in pairs.items()}
        per_image[image_name(path, data)] = {title: _measures(output, crop) for title, output in outputs.items()}
        powers.append([power_spectrum(image)[1] for image in (*outputs.values(), crop)])
        if i in shown:
            infilled = next(iter(pairs.values()))[0]
            rows.append((os.path.basename(path), [infilled, *outputs.values(), crop]))
    frequency = np.arange(1, size // 2 + 1) / size
    mean_powers = dict(zip([*weights, "truth"], np.mean(powers, 0)))
    report = {
        "images": len(per_image),
        "coverage": label(factor),
        "generators": {
            title: {
                **_summary([image[title] for image in per_image.values()]),
                "largest_difference_of_mean_spectra": largest_difference(mean_powers[title], mean_powers["truth"]),
            }
            for title in weights
        },
        "per_image": per_image,
        "high_frequencies_cycles_per_px": list(HIGH),
        "frequency_cycles_per_px": frequency.tolist(),
        "mean_power": {title: power.tolist() for title, power in mean_powers.items()},
        "configs": {title: json.loads(s.config.to_json()) for title, s in supersamplers.items()},
        "weights": dict(weights),
        **provenance(data, split, size),
    }
    path = os.path.join(results, name)
    labels = ("spatial frequency (cycles/px)", "mean power in [0, 1]^2")
    suffixes = ["-spectra.png", ".json", *([".png"] if rows else [])]
    with results_folder(results), replacing_all([path + suffix for suffix in suffixes]) as besides:
        write_curves(besides[0], frequency, mean_powers, *labels)
        write_json(besides[1], report)
        if rows:
            write_sheet(besides[2], rows, [f"{label(factor)} px coverage, infilled", *weights, "truth"])
    return report


def _measures(output: np.ndarray, crop: np.ndarray) -> dict[str, float]:
    return {
        "mse": mse(output, crop),
        "mse_blurred_truth": mse(output, blurred(crop)),
        "mse_equation_10": mse(blurred_output(output), blurred(crop)),
        "high_frequency_difference": high_frequency_difference(output, crop),
    }


def _summary(measures: Sequence[Mapping[str, float]]) -> dict[str, float]:
    differences = np.array([image["high_frequency_difference"] for image in measures])
    return {
        "root_mean_mse": root_mean(image["mse"] for image in measures),
        "root_mean_mse_blurred_truth": root_mean(image["mse_blurred_truth"] for image in measures),
        "root_mean_mse_equation_10": root_mean(image["mse_equation_10"] for image in measures),
        "mean_high_frequency_difference": float(differences.mean()),
        "mean_absolute_high_frequency_difference": float(np.abs(differences).mean()),
    }


def format_comparison(report: Mapping) -> str:
    """The report's summary for a terminal: a line a generator."""
    width = max(map(len, report["generators"]))
    lines = [
        f"{'':{width}} | root mean MSE: truth / blurred / eq. 10 | power at {HIGH[0]}-{HIGH[1]} cycles/px over truth's"
    ]
    for title, values in report["generators"].items():
        ratio, away = values["mean_high_frequency_difference"], values["mean_absolute_high_frequency_difference"]
        lines.append(
            f"{title:{width}} | {values['root_mean_mse']:14.4f} / {values['root_mean_mse_blurred_truth']:.4f}"
            f" / {values['root_mean_mse_equation_10']:.4f}"
            f"       | 10^{ratio:+.2f}, {away:.2f} decades away on average; mean spectra no further apart than "
            f"{values['largest_difference_of_mean_spectra']:.2f}"
        )
    return "\n".join([*lines, f"{report['images']} images at {report['coverage']} px coverage"])
