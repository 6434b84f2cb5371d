"""Is a specimen's detail too fine for a coarser scan? Tried on an image scanned in full (the paper's failure case)."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import numpy as np

from .. import lattice, micrograph
from ..errors import InputError
from ..formats import values
from ..formats.contents import Choice
from ..formats.replacing import replacing_all
from ..inference import defects, scaling
from ..inference.deconvolution import blur
from ..inference.guessed import guessed, share_marked
from ..inference.options import Options
from ..inference.supersampler import OnProgress, Supersampler
from ..progress import counter, reporter
from . import interpolation, ways
from .advice import EMPTY, MOST_TOO_FINE, RIVALS, closest, command, ranked, verdict
from .metrics import METHOD_NAMES, mse
from .noise import floor
from .results import results_folder, software, write_json
from .sheet import Panel, error_maps, write_sheet

LEAST_SAMPLES = 5  # a side, as the patches of non-local means: fewer tell nothing
FACTORS = range(lattice.MIN_FACTOR, lattice.MAX_FACTOR + 1)


class Panels(NamedTuple):
    """What `check` found, as images [H, W] of float32, all but `finer` in the image's [0, 1]."""

    scan: np.ndarray  # infilled
    rival: np.ndarray  # the best rival's
    ours: np.ndarray  # the best of ours
    finer: np.ndarray  # local share of the power beyond the scan's limit, the larger one of ours' and the truth's
    truth: np.ndarray  # the image blurred as in training


def result_name(source: str, part: str = "") -> str:
    """How the names of the results for an image file begin: "NAME-", and what tells one of its images from others."""
    return f"{os.path.splitext(os.path.basename(source))[0]}-{part}"


def check_file(
    supersampler: Supersampler,
    source: str,
    factor: int,
    results: str,
    image: Choice = None,
    part: str = "",
    quiet: bool = True,
) -> dict:
    """`check` on an image file; writes `results/NAME-check5.json` and `.png` and returns the JSON.

    In it are also `command`, what to type for scans like it, and `sheet`, where the picture is: the scan infilled, the
    best rival, the best of ours and the image, below them their errors and where detail is finer than the scan tells.
    Of several images in the file `image` chooses one, as in `micrograph.read`; `part` comes before "check5" in the
    names. Shows how far it is unless it is `quiet`.

    Raises:
        InputError: what `check` refuses, no image or a stack, or results that cannot be written; one sentence.
    """
    data = micrograph.read(source, image).data
    if data.ndim != 2:
        raise InputError(f"{source}: expected one image, found a stack of shape {list(data.shape)}")
    on_progress = None if quiet else reporter(os.path.basename(source))
    try:
        report, panels = check(supersampler, data, factor, source, on_progress)
    except InputError as error:
        raise InputError(f"{source}: {error}") from None
    path = os.path.join(results, f"{result_name(source, part)}check{factor}")
    advised = command(report, supersampler, source, image) if report["advice"] else ""
    report = {"image": source, "generator": supersampler.name, **report, "command": advised, "sheet": f"{path}.png"}
    report |= software()
    titles = [f"every {factor}th sample", METHOD_NAMES[report["rival"]], METHOD_NAMES[report["ours"]]]
    with results_folder(results), replacing_all([f"{path}.png", f"{path}.json"]) as (sheet, json_file):
        write_sheet(sheet, sheet_rows(report, panels), [*titles, "image, blurred as in training"])
        write_json(json_file, report)
    return report


def sheet_rows(report: dict, panels: Panels) -> list[tuple[str, list[np.ndarray | Panel | None]]]:
    """Of a sheet: images in the image's greys, then shares as their roots, so that 5% can be seen, and errors."""
    images = [
        Panel(image, caption=f"{report['root_mse'][report[name]]:.4f}")
        for name, image in (("rival", panels.rival), ("ours", panels.ours))
    ]
    maps = error_maps([panels.rival, panels.ours], panels.truth)
    white = f"error; white: {maps[0].limits[1]:.2g}" if maps[0].limits else ""
    finer = Panel(np.sqrt(panels.finer), (0.0, 1.0), "finer than the scan")
    name = os.path.basename(report["image"])
    return [
        (name, [panels.scan, *images, panels.truth]),
        ("errors", [finer, *(each._replace(caption=white) for each in maps), None]),
    ]


def check(
    supersampler: Supersampler,
    image: np.ndarray,
    factor: int,
    about: str = "image",
    on_progress: OnProgress | None = None,
) -> tuple[dict[str, Any], Panels]:
    """What supersampling makes of every `factor`-th sample of image [H, W], any units, and how near that is.

    In the report are

    - `root_mse`, of each of `ways.WAYS` and of three rivals against the blurred image, in units of the image's range;
    - `closest`, the one of them with the least, `ours` and `rival`, the best of either kind, `level`, those within 1%
      of the closest, and `recommended`: the closest if it is a rival, else the quickest of ours that is level with it;
    - `noise`, the share of the closest's MSE that the image's own noise makes for whatever comes of a scan, at most 1;
    - `advice`, that in sentences, none if the image holds one value;
    - `lost`, the MSE of the best of ours over the blurred image's variance (0: all is right, 1: as bad as its mean);
    - `too_fine`, the share of that variance at spatial frequencies beyond the scan's Nyquist limit, 1/(2 factor) a px;
    - `guessed`, the part of the image where more than 5% of the local power of the image or of ours is there;
    - `largest_factor`, the largest factor that keeps that share within 10%, or None;
    - `verdict`, a sentence.

    Pixels that are not finite, outliers and what was not scanned are filled in from their neighbours first, with a
    warning `about` that image. `on_progress(done, of)` is called after every pass through the generator.

    Raises:
        InputError: a factor that the generator does not take, an image of fewer than 5 samples a side, without a finite
            value or of no real numbers.
    """
    factor = supersampler.check_factor(factor)
    image = values.real("image", image)
    if image.ndim != 2 or not image.size:
        raise InputError(f"image: expected [H, W], found shape {list(image.shape)}")
    if min(lattice.count(side, factor) for side in image.shape) < LEAST_SAMPLES:
        most = f"at least {LEAST_SAMPLES} samples a side at factor {factor}"
        raise InputError(f"image: expected {most}, found {image.shape[0]}x{image.shape[1]} px")
    image, sentences = defects.cleaned(values.in_float32(image)[0])
    whole = scaling.finite(image[None])
    defects.warn(sentences, about)
    image = scaling.to_unit(whole, *scaling.limits(whole))[0]
    scan, size = lattice.downsample(image, factor), (image.shape[0], image.shape[1])
    made = {name: getattr(interpolation, name)(scan, size, factor) for name in RIVALS}
    passes = counter(on_progress, supersampler.passes(1, size, factor, Options(ensemble=True)))
    made = {**dict(ways.images(supersampler, scan, size, factor, passes)), **made}
    report, panels = _report(image, scan, made, factor)
    varies = bool(np.ptp(image))
    report["largest_factor"] = report["largest_factor"] if varies else None
    report["advice"], report["verdict"] = (closest(report), verdict(report)) if varies else ([], EMPTY)
    return report, panels


def _report(image: np.ndarray, scan: np.ndarray, made: dict[str, np.ndarray], factor: int) -> tuple[dict, Panels]:
    """`check`'s, but for the sentences, of an image [H, W] in [0, 1], its scan, and what each method made of that."""
    target = blur(image[None])[0]
    errors = {name: mse(each, target) for name, each in made.items()}
    ranks = ranked({name: error**0.5 for name, error in errors.items()})
    ours = made[ranks["ours"]]
    marks = np.maximum(*guessed(np.stack([ours, target]), factor))
    fine = finer_than_scans(target)
    report = {
        "factor": factor,
        "root_mse": {name: error**0.5 for name, error in errors.items()},
        **ranks,
        "noise": min(
            1.0,
            float(floor(float(interpolation.estimate_sigma(image)), factor) ** 2)
            / max(errors[ranks["closest"]], 1e-12),
        ),
        "lost": errors[ranks["ours"]] / max(float(np.var(target, dtype=np.float64)), 1e-12),
        "too_fine": fine[factor],
        "guessed": share_marked(marks),
        "largest_factor": max((s for s in FACTORS if fine[s] <= MOST_TOO_FINE), default=None),
    }
    return report, Panels(lattice.infill(scan, image.shape, factor), made[ranks["rival"]], ours, marks, target)


def finer_than_scans(image: np.ndarray) -> dict[int, float]:
    """For each factor s, the share of the variance of image [H, W] beyond the Nyquist limit of a scan of every s-th px.

    That is at spatial frequencies above 1/(2 s) along either axis. The image is mirrored, so that opposite borders do
    not meet in an edge.
    """
    mirrored = np.block([[image, image[:, ::-1]], [image[::-1], image[::-1, ::-1]]]).astype(np.float64)
    power = np.abs(np.fft.rfft2(mirrored - mirrored.mean())) ** 2
    power[:, 1:-1] *= 2  # rfft2 leaves out their conjugates
    frequency = np.maximum(np.abs(np.fft.fftfreq(mirrored.shape[0]))[:, None], np.fft.rfftfreq(mirrored.shape[1]))
    total = max(float(power.sum()), 1e-12)
    return {s: float(power[frequency > 1 / (2 * s)].sum()) / total for s in FACTORS}
