"""What follows from what `check` measured: which way is the closest, whether the factor suits, what to type."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from .. import shell
from ..errors import InputError, shown
from ..formats.contents import Choice
from ..inference.guessed import MARKED
from ..inference.supersampler import Supersampler
from .metrics import METHOD_NAMES
from .ways import WAYS

#: What can be done without a generator, functions of `interpolation`.
RIVALS = ("lattice_bilinear", "lattice_bicubic", "non_local_means")
LEVEL = 0.01  # root MSEs that differ by no more, relatively, are level
MUCH_NOISE = 0.2  # of the closest's MSE: from there on it is said that it is the truth's own noise
MOST_TOO_FINE = 0.10  # of the variance of the blurred image: that much finer than the scan can tell, and it is too fine
MOST_GUESSED = 0.10  # of the image: where that much of it holds finer detail, only the rest of it suits
MOST_LOST = 0.25  # of the variance of the blurred image: with a larger error the scan is too noisy
#: Methods within a sentence.
SPOKEN = {
    "dlss": "one pass of DLSS",
    "dlss_refined": "one refined pass of DLSS",
    "dlss_ensemble": "DLSS as an ensemble",
    "dlss_ensemble_refined": "DLSS as a refined ensemble",
    "lattice_bilinear": "bilinear interpolation",
    "lattice_bicubic": "bicubic interpolation",
    "non_local_means": "non-local means",
}
EMPTY = "The image holds one value alone: there is no detail in it to tell by whether a factor suits."

Report = Mapping[str, Any]


def ranked(root_mse: Mapping[str, float]) -> dict[str, Any]:
    """Of root MSEs by method: `closest`, the best of `ours` and of the rivals, `level` and `recommended`.

    `level` with the closest are those that are at most 1% farther off. Recommended is the closest if it is a rival's,
    else the quickest of ours that is level with it.
    """
    ours, rival, closest = (min(names, key=root_mse.__getitem__) for names in (WAYS, RIVALS, root_mse))
    level = [name for name in root_mse if name != closest and root_mse[name] <= (1 + LEVEL) * root_mse[closest]]
    quickest = next((name for name in WAYS if name in (closest, *level)), closest)
    recommended = quickest if closest in WAYS else closest
    return {"closest": closest, "ours": ours, "rival": rival, "level": level, "recommended": recommended}


def closest(report: Report) -> list[str]:
    """Sentences on which method is the closest, by how much, and what else tells for it."""
    best, is_ours = SPOKEN[report["closest"]], report["closest"] in WAYS
    other = report["rival" if is_ours else "ours"]
    first = f"Closest: {best}; the best rival" if is_ours else f"Closest is not DLSS but {best}; the best of ours"
    farther = report["root_mse"][other] / max(report["root_mse"][report["closest"]], 1e-12) - 1
    within = "level with it, within 1%" if other in report["level"] else f"{_percent(farther)} farther off"
    sentences = [f"{first}, {SPOKEN[other]}, is {within}."]
    recommended = report["recommended"]
    if recommended != report["closest"]:
        sentences.append(f"{_begun(SPOKEN[recommended])} is level with that, and quicker.")
    if recommended in WAYS and WAYS[recommended].ensemble:
        one = report["root_mse"]["dlss"] / report["root_mse"][recommended] - 1
        sentences.append(f"An ensemble takes eight times as long as one pass, which is {_percent(one)} farther off.")
    if report["noise"] >= MUCH_NOISE:
        sentences.append(
            f"About {report['noise']:.0%} of its square error is the image's own noise, which no method foresees: "
            "only the rest tells methods apart."
        )
    return sentences


def verdict(report: Report) -> str:
    """A sentence on whether the factor suits."""
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
    suits, rest = f"Factor {factor} suits this image", ""
    if report["guessed"] > MOST_GUESSED:
        suits = f"Factor {factor} suits the coarser detail of this image alone"
        rest = f" What is finer, in {report['guessed']:.0%} of it, is lost or guessed: look at the picture."
    if report["closest"] in RIVALS:
        theirs = lost * (report["root_mse"][report["closest"]] / report["root_mse"][report["ours"]]) ** 2
        with_theirs = f"{theirs:.1%} with {SPOKEN[report['closest']]}"
        return f"{suits}: {lost:.1%} of it is lost with DLSS, {with_theirs}.{rest}"
    return f"{suits}: {lost:.1%} of it is lost.{rest}"


def command(report: Report, supersampler: Supersampler, source: str, image: Choice = None) -> str:
    """What to type for scans like that of `source`: as recommended, or another check where the detail is too fine.

    "" where there is no other factor to check. `image` is which of the file's.
    """
    file = [source, *([] if image is None else ["--image", str(image)])]
    by = [] if supersampler.weights is None else ["--weights", supersampler.weights]
    if report["too_fine"] > MOST_TOO_FINE:
        factor = _factor_to_check(report["largest_factor"], supersampler)
        return shell.join(["dlss-tf", "check", *file, "--factor", str(factor), *by]) if factor else ""
    if report["recommended"] in RIVALS:
        return shell.join(["python", "-c", _rivals_way(report["recommended"], source, report["factor"], image)])
    flags = [f"--{name}" for name, value in vars(WAYS[report["recommended"]]).items() if value]
    return shell.join(["dlss-tf", "supersample", *file, "--factor", str(report["factor"]), *by, *flags])


def _factor_to_check(largest: int | None, supersampler: Supersampler) -> int | None:
    """The largest factor that suits, if the generator takes it."""
    try:
        return largest and supersampler.check_factor(largest)
    except InputError:
        return None


def _rivals_way(method: str, source: str, factor: int, image: Choice) -> str:
    """Python that writes what a rival makes of a scan; in double quotes, as a shell has single ones about it."""
    read = ", ".join(json.dumps(each, ensure_ascii=False) for each in (source, image) if each is not None)
    target = json.dumps(f"{os.path.splitext(source)[0]}-x{factor}-{method}.tif", ensure_ascii=False)
    return (
        f"from dlss_tf import read, write; from dlss_tf.evaluation.interpolation import {method} as way; "
        f"scan = read({read}); h, w = scan.data.shape; "
        f"made = way(scan.data, ({factor} * h, {factor} * w), {factor}); "
        f'write({target}, scan.rescaled(made, 1 / {factor}, "{method} by {factor}"))'
    )


def format_check(report: Report) -> str:
    """A report for a terminal."""
    notes = {report["closest"]: "  closest", **dict.fromkeys(report["level"], "  level with it")}
    instead = "Instead" if report["too_fine"] > MOST_TOO_FINE else "For scans like it"
    lines = [
        "Root MSE against the blurred image, in units of its range:",
        *(f"{METHOD_NAMES[name]:24} {error:.4f}{notes.get(name, '')}" for name, error in report["root_mse"].items()),
        *report["advice"],
        f"In {report['guessed']:.0%} of it more than {MARKED:.0%} of the detail is finer than the scan can tell.",
        report["verdict"],
        f"{instead}:\n  {shown(report['command'])}" if report["command"] else "",
        f"Picture: {shown(report['sheet'])}",
    ]
    return "\n".join(line for line in lines if line)


def _percent(share: float) -> str:
    return f"{share:.1%}" if share < 0.1 else f"{share:.0%}"


def _begun(words: str) -> str:
    return words[0].upper() + words[1:]
