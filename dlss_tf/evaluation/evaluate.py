"""Table 2 for any weights, data and coverages (paper section III; method.md section 9)."""

from __future__ import annotations

import csv
import datetime
import json
import os
import subprocess
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from .. import lattice
from ..data.crops import BadFiles, list_files, read_tiff, scale_to_unit
from ..data.examples import make_example, to_crop_scale
from ..errors import InputError
from ..inference.supersampler import Supersampler
from ..layers.blur import blur_target
from ..models import check_size
from ..progress import Progress
from . import interpolation
from .metrics import TABLE_HEADER, mse, summarize, table_rows
from .sheet import write_sheet

TABLE_2_FACTORS = (4, 5, 6, 8, 10)
VALIDATION_CROPS = 32  # that choose the smoothed row's sigma


def evaluate(
    weights: str,
    data: Sequence[str],
    *,
    split: str = "test",
    factors: Sequence[int] = TABLE_2_FACTORS,
    size: int = 512,
    limit: int | None = None,
    results: str = "results",
    name: str = "table2",
    sheet_images: int = 4,
) -> dict:
    """Evaluate a generator and the traditional methods; write ``results/name.{json,csv,png}`` and return the JSON.

    Every MSE is in the crop's [0, 1] against the crop blurred by 5x5, 2.5 px. Crops are the central size x size px of
    the split's images, the first `limit` of them or all. The sheet shows `sheet_images` of them, evenly spaced, at the
    coverage in the middle of `factors`. Raises InputError for bad weights, data or arguments.
    """
    factors = [lattice.check_factor(s) for s in factors]
    check_size(size)
    supersampler = Supersampler(weights)
    files = list_files(data, split)[:limit]
    sigmas = _best_sigmas(data, factors, size)
    chosen = {round(i) for i in np.linspace(0, len(files) - 1, min(sheet_images, len(files)))}
    per_image, rows = {}, []
    progress = Progress("evaluating", len(files))
    for i, (path, crop) in enumerate(_crops(files, size)):
        image = _Image(crop, supersampler)
        per_image[_name(path, data)] = {_label(s): image.errors(s, sigmas[s]) for s in factors}
        if i in chosen:
            rows.append((os.path.basename(path), image.panels(factors[len(factors) // 2])))
        progress.update(i + 1)
    report = {
        "images": len(per_image),
        "coverages": summarize(per_image),
        "per_image": per_image,
        "smoothed_sigma_px": {_label(s): sigmas[s] for s in factors},
        "config": json.loads(supersampler.config.to_json()),
        "weights": weights,
        "data": list(data),
        "split": split,
        "size": size,
        "git_revision": _git_revision(),
        "tensorflow": tf.__version__,
        "date": datetime.date.today().isoformat(),
    }
    titles = [f"{_label(factors[len(factors) // 2])} px coverage, infilled", "DLSS", "truth, blurred as in training"]
    _write(results, name, report, rows, titles)
    return report


class _Image:
    """One crop [N, N] in [0, 1] against which methods are measured."""

    def __init__(self, crop: np.ndarray, supersampler: Supersampler):
        self.crop, self.supersampler = crop, supersampler
        self.blurred = _blurred(crop)

    def network(self, factor: int) -> tuple[np.ndarray, np.ndarray]:
        """Infilled input and generator output, [N, N] in the crop's [0, 1]."""
        reference = self.supersampler.config.intensity_reference
        example = make_example(tf.constant(self.crop[None, :, :, None]), tf.constant([factor]), reference)
        outputs = to_crop_scale(self.supersampler.complete(example.inputs), example, reference)
        infilled = example.inputs * example.scale + example.low
        return infilled.numpy()[0, :, :, 0], outputs.numpy()[0, :, :, 0]

    def errors(self, factor: int, sigma: float) -> dict[str, float]:
        """MSE of every row of Table 2 at one coverage."""
        part = interpolation.published_crop(self.crop, factor)
        blurred_part = _blurred(part)
        errors = {m: mse(interpolation.published(self.crop, factor, m), blurred_part) for m in interpolation.PUBLISHED}
        errors["dlss"] = mse(self.network(factor)[1], self.blurred)
        scan, size = lattice.downsample(self.crop, factor), self.crop.shape
        for method in interpolation.CHARITABLE:
            arguments = (scan, size, factor, sigma) if method == "smoothed" else (scan, size, factor)
            errors[method] = mse(getattr(interpolation, method)(*arguments), self.blurred)
        return errors

    def panels(self, factor: int) -> list[np.ndarray]:
        return [*self.network(factor), self.blurred]


def _blurred(crop: np.ndarray) -> np.ndarray:
    return blur_target(tf.constant(crop[None, :, :, None])).numpy()[0, :, :, 0]


def _crops(files: Sequence[str], size: int) -> Iterator[tuple[str, np.ndarray]]:
    """Path and central size x size px in [0, 1] of each good file; bad ones are named, counted and skipped."""
    bad = BadFiles(len(files))
    for path in files:
        try:
            image = read_tiff(path)
            if min(image.shape) < size:
                raise InputError(f"{path}: expected at least {size}x{size} px, found {image.shape[0]}x{image.shape[1]}")
        except InputError as error:
            bad.report(path, str(error))
            continue
        top, left = ((side - size) // 2 for side in image.shape)
        yield path, scale_to_unit(image[top : top + size, left : left + size]).numpy()


def _best_sigmas(data: Sequence[str], factors: Sequence[int], size: int) -> dict[int, float]:
    """The smoothed row's sigma for each factor, chosen on the validation split."""
    crops = [crop for _, crop in _crops(list_files(data, "val")[:VALIDATION_CROPS], size)]
    blurred = [_blurred(crop) for crop in crops]
    return {s: interpolation.best_sigma(crops, blurred, s) for s in factors}


def _label(factor: int) -> str:
    return f"1/{factor**2}"


def _name(path: str, data: Sequence[str]) -> str:
    """The file's name, with its folder where there are several roots."""
    return os.path.basename(path) if len(data) == 1 else path


def _git_revision() -> str | None:
    """Of the checkout that this package runs from, if it is one."""
    try:
        command = ["git", "-C", os.path.dirname(__file__), "describe", "--always", "--dirty", "--abbrev=40"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def _write(results: str, name: str, report: dict, rows: list, titles: list[str]) -> None:
    path = os.path.join(results, name)
    try:
        os.makedirs(results, exist_ok=True)
        with open(f"{path}.json.part", "w", encoding="utf-8") as file:
            json.dump(report, file, indent=1)
        with open(f"{path}.csv.part", "w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([TABLE_HEADER, *table_rows(report)])
        if rows:
            write_sheet(f"{path}.png", rows, titles)
        for kind in ("json", "csv"):
            os.replace(f"{path}.{kind}.part", f"{path}.{kind}")
    except OSError as error:
        raise InputError(f"results {results}: expected a folder that can be written, found: {error.strerror}") from None
