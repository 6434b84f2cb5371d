"""What tables and figures share: command line, pass over images, plot style, files."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from dlss_tf import weights
from dlss_tf.cli import status
from dlss_tf.cli.commands import VERSION_HELP
from dlss_tf.cli.options import add_images, add_results
from dlss_tf.cli.parsing import Version
from dlss_tf.data.files import digest_of_files, list_files
from dlss_tf.evaluation.passes import Sums, Values, one_pass
from dlss_tf.evaluation.results import provenance, results_folder, software, write_csv, write_json
from dlss_tf.formats.replacing import replacing_all
from dlss_tf.models import check_size

#: Okabe and Ito's colours, which the colour-blind tell apart; black for truth.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
FIGURE_WIDTH, DPI = 6.4, 150  # inches: readable at half a page
FONT = 9


def parser(
    caption: str | None, what: str, split: str | None = "test", generator: bool = True
) -> argparse.ArgumentParser:
    """Of a figure's command line: `--weights` and images of a split unless it needs none, `--limit`, `--out`."""
    made = argparse.ArgumentParser(description=caption)
    if split is not None:
        if generator:
            made.add_argument(
                "--weights",
                default=weights.PAPERS,
                help="run directory, or a pretrained generator's name (%(default)s)",
            )
        add_images(made, split)
        made.add_argument("--limit", type=int, help="use the first so many images only (all)")
    add_results(made, what)
    made.add_argument("--version", action=Version, help=VERSION_HELP)
    return made


def over_images(
    name: str,
    arguments: argparse.Namespace,
    measure: Callable[[np.ndarray], tuple[Values, Mapping[str, np.ndarray]]],
    publish: Callable[[dict[str, Values], Sums], None] | None = None,
    **identity: Any,
) -> tuple[dict[str, Values], Sums]:
    """`one_pass` over the images that the command line names; `identity` is what else the values depend on."""
    check_size(arguments.size)
    files = list_files(arguments.data, arguments.split)[: arguments.limit]
    if hasattr(arguments, "weights"):
        identity["weights"] = weights.digest(arguments.weights)
    known = {**identity, "files": digest_of_files(files), "size": arguments.size}
    with results_folder(arguments.out):
        return one_pass(os.path.join(arguments.out, name), known, files, arguments.size, measure, publish)


def write(
    name: str,
    arguments: argparse.Namespace,
    report: Mapping[str, Any],
    figure: Figure | None = None,
    rows: Iterable[Sequence[Any]] = (),
) -> None:
    """Write `--out`/name.json with where it comes from, .png of the figure, .csv of the rows, header first."""
    path = os.path.join(arguments.out, name)
    images = getattr(arguments, "data", None)
    origin = provenance(images, arguments.split, arguments.size) if images else software()
    if hasattr(arguments, "weights"):
        origin["weights"] = arguments.weights
    rows = list(rows)
    suffixes = [".json", *([".csv"] if rows else []), *([".png"] if figure is not None else [])]
    with results_folder(arguments.out), replacing_all([path + suffix for suffix in suffixes]) as besides:
        write_json(besides[0], {**report, **origin})
        if rows:
            write_csv(besides[1], rows)
        if figure is not None:
            FigureCanvasAgg(figure).print_png(besides[-1])
    made = [suffix for suffix in (".json", ".csv", ".png") if os.path.exists(path + suffix)]
    print(f"written to {path}{', '.join(made)}")


def new_figure(rows: int = 1, columns: int = 1, height: float = 3.4, **options: Any) -> tuple[Figure, np.ndarray]:
    """A figure in the one style, and its axes [rows, columns]; `height` is a row's, inches."""
    figure = Figure(figsize=(FIGURE_WIDTH, height * rows), dpi=DPI, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, **options)
    for each in axes.flat:
        each.set_prop_cycle(color=COLOURS)
        each.tick_params(labelsize=FONT - 1)
    return figure, axes


def label_axes(axes: Axes, x: str, y: str, legend: bool = True) -> None:
    """Names with units, and a legend if there is something to tell apart."""
    axes.set_xlabel(x, fontsize=FONT)
    axes.set_ylabel(y, fontsize=FONT)
    if legend:
        axes.legend(frameon=False, fontsize=FONT - 1)


def plain_ticks(axis: Axis) -> None:
    """A few plain numbers on a logarithmic axis."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_locator(NullLocator())


def run(name: str, main: Callable[[], int | None]) -> None:
    """Run a figure's `main` as a command: bad input and Ctrl-C end in a sentence."""
    sys.exit(status(name, main))
