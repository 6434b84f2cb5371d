"""Beyond the paper: what beside one pass makes images closer, of which generator, and what it costs in time.

Root mean MSEs at Table 2's coverages of each generator in each way, of all images and of each class, over those of the
first generator's one pass; and the median time over that of its own one pass.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

import numpy as np

from dlss_tf import Supersampler, lattice, weights
from dlss_tf.evaluation.evaluate import TABLE_2_FACTORS
from dlss_tf.evaluation.images import blurred, image_name, label
from dlss_tf.evaluation.metrics import METHOD_NAMES, mse, summarize
from dlss_tf.evaluation.results import digest_of_weights
from dlss_tf.evaluation.ways import WAYS, images

from ._classes import add_classes, by_class
from ._report import over_images, parser, run, write

HEADER = ("class", "coverage", "generator", "way", "root_mean_mse", "over_the_first")


def errors(supersampler: Supersampler, crop: np.ndarray, factor: int) -> tuple[dict[str, float], dict[str, float]]:
    """MSE of each way for crop [N, N] in [0, 1], and seconds from the scan to its image."""
    target, scan = blurred(crop), lattice.downsample(crop, factor)
    found: dict[str, float] = {}
    seconds: dict[str, float] = {}
    began = time.perf_counter()
    for way, image in images(supersampler, scan, (len(crop), len(crop)), factor):
        took = time.perf_counter() - began  # this step alone
        before = {"dlss": (), "dlss_ensemble_refined": ("dlss_ensemble",)}.get(way, ("dlss",))
        seconds[way] = took + sum(seconds[step] for step in before)
        found[way] = mse(image, target)
        began = time.perf_counter()
    return found, seconds


def times(per_image: Mapping[str, Mapping[str, Mapping[str, float]]]) -> dict[str, dict[str, float]]:
    """Of seconds by image, coverage and way: by coverage each way's over one pass's, the median image's."""
    coverages = next(iter(per_image.values()))
    return {
        coverage: {
            way: float(np.median([image[coverage][way] / image[coverage]["dlss"] for image in per_image.values()]))
            for way in WAYS
        }
        for coverage in coverages
    }


def table(rows: list[tuple[str, str, str, str, float, float]]) -> str:
    """Root mean MSEs over the first's for a terminal, a line for each class, generator and way."""
    coverages = list(dict.fromkeys(row[1] for row in rows))
    cells = {(name, generator, way): {} for name, _, generator, way, *_ in rows}  # type: ignore[var-annotated]
    for name, coverage, generator, way, _, ratio in rows:
        cells[name, generator, way][coverage] = ratio
    lines = [" " * 64 + "".join(f"{coverage:>8}" for coverage in coverages)]
    for (name, generator, way), ratios in cells.items():
        told = f"{name:16} {generator:20} {METHOD_NAMES[way]:26}"
        lines.append(f"{told:64}" + "".join(f"{ratios[coverage]:8.3f}" for coverage in coverages))
    return "\n".join(lines)


def main() -> None:
    """Measure, print a line for each class, generator and way."""
    made = parser(__doc__, "ways.json and .csv", "val", generator=False)
    made.add_argument(
        "--weights", dest="networks", action="append", help="a generator, once for each (the pretrained ones)"
    )
    add_classes(made)
    arguments = made.parse_args()
    arguments.networks = arguments.networks or [weights.PRETRAINED, weights.PAPERS]
    networks = {os.path.basename(os.path.normpath(each)): Supersampler(each) for each in arguments.networks}

    def measure(crop: np.ndarray) -> tuple[dict, dict]:
        values: dict[str, dict] = {"mse": {}, "seconds": {}}
        for name, supersampler in networks.items():
            each = {label(s): errors(supersampler, crop, s) for s in TABLE_2_FACTORS}
            for kind, number in (("mse", 0), ("seconds", 1)):
                values[kind][name] = {coverage: pair[number] for coverage, pair in each.items()}
        return values, {}

    digests = {name: digest_of_weights(each) for name, each in zip(networks, arguments.networks)}
    values, _ = over_images("ways", arguments, measure, networks=digests)
    per_image = {image_name(path, arguments.data): each for path, each in values.items()}
    report, rows = {}, []
    for group, members in by_class(per_image, arguments.classes).items():
        of = {name: summarize({image: each["mse"][name] for image, each in members.items()}) for name in networks}
        report[group] = {"images": len(members), "generators": of}
        first = of[next(iter(networks))]
        rows += [
            (group, coverage, name, way, each["mean"], each["mean"] / first[coverage]["dlss"]["mean"])
            for name, coverages in of.items()
            for coverage, ways in coverages.items()
            for way, each in ways.items()
        ]
    took = {name: times({image: each["seconds"][name] for image, each in per_image.items()}) for name in networks}
    print(table(rows))
    for name, coverages in took.items():
        for way in WAYS:
            told = "".join(f"{each[way]:8.2f}" for each in coverages.values())
            print(f"{'time of one pass':16} {name:20} {METHOD_NAMES[way]:26}{told}")
    write("ways", arguments, {"classes": report, "times": took, "per_image": per_image}, None, [HEADER, *rows])


if __name__ == "__main__":
    run("ways", main)
