"""Figs. 16-18: scans and outputs at 1/16, 1/25, 1/36 and 1/100 coverage beside the truth, their corners enlarged."""

from __future__ import annotations

import argparse
import os

from dlss_tf import Supersampler
from dlss_tf.data.files import list_files
from dlss_tf.evaluation.images import blurred, central_crops, completed, label
from dlss_tf.evaluation.metrics import mse
from dlss_tf.evaluation.results import results_folder
from dlss_tf.evaluation.sheet import write_sheet
from dlss_tf.formats.drawing import evenly_spaced
from dlss_tf.models import check_size

from ._report import parser, run, write

FACTORS = (4, 5, 6, 10)
ROWS = 4  # images


def chosen(arguments: argparse.Namespace, count: int = ROWS) -> list[str]:
    """Files of the split, evenly spaced over all of them."""
    check_size(arguments.size)
    files = list_files(arguments.data, arguments.split)[: arguments.limit]
    return [files[i] for i in sorted(evenly_spaced(count, len(files)))]


def main() -> None:
    """Draw it."""
    arguments = parser(__doc__, "fig16.json and .png").parse_args()
    supersampler = Supersampler(arguments.weights)
    rows, errors = [], {}
    for path, crop in central_crops(chosen(arguments), arguments.size):
        pairs = [completed(supersampler, crop, s) for s in FACTORS]
        name = os.path.basename(path)
        rows.append((name, [image for pair in pairs for image in pair] + [crop]))
        target = blurred(crop)
        errors[name] = {label(s): mse(output, target) ** 0.5 for s, (_, output) in zip(FACTORS, pairs)}
    titles = [text for s in FACTORS for text in (f"{label(s)} px", "output")] + ["truth"]
    with results_folder(arguments.out):
        write_sheet(os.path.join(arguments.out, "fig16.png"), rows, titles)
    write("fig16", arguments, {"images": len(rows), "root_mse": errors})


if __name__ == "__main__":
    run("fig16", main)
