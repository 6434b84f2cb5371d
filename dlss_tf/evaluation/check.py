"""Is a specimen's detail too fine for a coarser scan? Tried on an image scanned in full (the paper's failure case)."""

from __future__ import annotations

import os

import numpy as np

from .. import lattice, micrograph
from ..errors import InputError
from ..formats import values
from ..formats.contents import Choice
from ..formats.image import grey_limits
from ..formats.replacing import replacing_all
from ..inference import defects, scaling
from ..inference.guessed import MARKED, guessed, share_marked
from ..inference.supersampler import Supersampler
from . import interpolation
from .images import blurred
from .metrics import METHOD_NAMES, mse
from .results import results_folder, software, write_json
from .sheet import write_sheet

RIVALS = ("lattice_bilinear", "lattice_bicubic")
MOST_TOO_FINE = 0.10  # of the variance of the blurred image: that much finer than the scan can tell, and it is too fine
MOST_LOST = 0.25  # of the variance of the blurred image: with a larger error the scan is too noisy
EMPTY = "The image holds one value alone: there is no detail in it to tell by whether a factor suits."
FACTORS = range(lattice.MIN_FACTOR, lattice.MAX_FACTOR + 1)


def result_name(source: str, part: str = "") -> str:
    """How the names of the results for an image file begin: "NAME-", and what tells one of its images from others."""
    return f"{os.path.splitext(os.path.basename(source))[0]}-{part}"


def check_file(
    supersampler: Supersampler, source: str, factor: int, results: str, image: Choice = None, part: str = ""
) -> dict:
    """`check` on an image file; writes `results/NAME-check5.json` and `.png` and returns the JSON.

    The sheet shows the scan infilled, the output, where detail is finer than the scan tells, and the image. Of several
    images in the file `image` chooses one, as in `micrograph.read`; `part` comes before "check5" in the names.

    Raises:
        InputError: what `check` refuses, no image or a stack, or results that cannot be written; one sentence.
    """
    data = micrograph.read(source, image).data
    if data.ndim != 2:
        raise InputError(f"{source}: expected one image, found a stack of shape {list(data.shape)}")
    try:
        report, panels = check(supersampler, data, factor, about=source)
    except InputError as error:
        raise InputError(f"{source}: {error}") from None
    report = {"image": source, "generator": supersampler.name, **report, **software()}
    path = os.path.join(results, f"{result_name(source, part)}check{factor}")
    titles = [f"every {factor}th sample", "supersampled", "finer than the scan", "image, blurred as in training"]
    with results_folder(results), replacing_all([f"{path}.png", f"{path}.json"]) as (sheet, json_file):
        write_sheet(sheet, [(os.path.basename(source), _shown(*panels))], titles)
        write_json(json_file, report)
    return report


def _shown(infilled: np.ndarray, output: np.ndarray, marks: np.ndarray, target: np.ndarray) -> list[np.ndarray]:
    """For a sheet, in the image's greys: the share's root, from black, 0, to white, 1, so that 5% can be seen."""
    low, high = grey_limits(target)
    return [infilled, output, low + (high - low) * np.sqrt(marks), target]


def check(
    supersampler: Supersampler, image: np.ndarray, factor: int, about: str = "image"
) -> tuple[dict, list[np.ndarray]]:
    """What supersampling makes of every `factor`-th sample of image [H, W], any units, and how near that is.

    In the report are

    - `root_mse`, of the output and two interpolations against the blurred image, in units of the image's range;
    - `lost`, the output's MSE over the blurred image's variance (0: all is right, 1: as bad as its mean);
    - `too_fine`, the share of that variance at spatial frequencies beyond the scan's Nyquist limit, 1/(2 factor) a px;
    - `guessed`, the part of the image where more than 5% of the local power of the image or of the output is there;
    - `largest_factor`, the largest factor that keeps that share within 10%, or None;
    - `verdict`, a sentence.

    Pixels that are not finite, outliers and what was not scanned are filled in from their neighbours first, with a
    warning `about` that image.

    Returns:
        The report, and the scan infilled, the output, the share of local power beyond the scan's limit (the larger
            one, of the output's and the image's: that of a lattice which the scan takes for another is in the image)
            and the image blurred as in training, float32 [H, W], all but the share in the image's [0, 1].

    Raises:
        InputError: a factor that the generator does not take, no pixels, or an image without a finite value or of no
            real numbers.
    """
    factor = supersampler.check_factor(factor)
    image = values.real("image", image)
    if image.ndim != 2 or not image.size:
        raise InputError(f"image: expected [H, W], found shape {list(image.shape)}")
    image, sentences = defects.cleaned(values.in_float32(image)[0])
    whole = scaling.finite(image[None])
    defects.warn(sentences, about)
    image = scaling.to_unit(whole, *scaling.limits(whole)).numpy()[0]
    target = blurred(image)
    scan = lattice.downsample(image, factor)
    output = supersampler.image(scan[None], image.shape, factor)[0]
    marks = np.maximum(*guessed(np.stack([output, target]), factor))
    rivals = {name: getattr(interpolation, name)(scan, image.shape, factor) for name in RIVALS}
    variance = max(float(np.var(target, dtype=np.float64)), 1e-12)
    fine = finer_than_scans(target)
    within = [s for s in FACTORS if fine[s] <= MOST_TOO_FINE]
    report = {
        "factor": factor,
        "root_mse": {name: mse(each, target) ** 0.5 for name, each in {"dlss": output, **rivals}.items()},
        "lost": mse(output, target) / variance,
        "too_fine": fine[factor],
        "guessed": share_marked(marks),
        "largest_factor": max(within) if within and np.ptp(image) else None,
    }
    report["verdict"] = verdict(report) if np.ptp(image) else EMPTY
    return report, [lattice.infill(scan, image.shape, factor), output, marks, target]


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


def verdict(report: dict) -> str:
    """One sentence on what `check` found."""
    factor, fine, lost = report["factor"], report["too_fine"], report["lost"]
    if fine > MOST_TOO_FINE:
        largest = report["largest_factor"]
        advice = f"factor {largest} is the largest that suits it" if largest else "scan every pixel"
        return f"Detail is too fine for factor {factor}: {fine:.0%} of it lies beyond the scan's limit; {advice}."
    if lost > MOST_LOST:
        return (
            f"Detail is coarse enough for factor {factor}, but {lost:.0%} of the image is lost, in noise or to what "
            "the generator has not learned; a longer dwell time or a smaller factor may help."
        )
    return f"Factor {factor} suits this image: {lost:.1%} of it is lost."


def format_check(report: dict) -> str:
    """A report for a terminal."""
    lines = [f"{METHOD_NAMES[name]:24} {error:.4f}" for name, error in report["root_mse"].items()]
    marked = f"In {report['guessed']:.0%} of it more than {MARKED:.0%} of the detail is finer than the scan can tell."
    return "\n".join(["Root MSE against the blurred image, in units of its range:", *lines, marked, report["verdict"]])
