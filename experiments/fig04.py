"""Fig. 4: frequency distributions of test MSEs, of a unified generator and of ones for single coverages."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from dlss_tf import Supersampler
from dlss_tf.evaluation.evaluate import TABLE_2_FACTORS
from dlss_tf.evaluation.images import label

from ._errors import at, errors
from ._published import printed
from ._report import COLOURS, FONT, label_axes, new_figure, parser, run, write

BINS, MOST = 100, 0.0125


def distribution(mses: Sequence[float]) -> dict[str, Any]:
    """How many MSEs are in each of 100 bins from 0 to 0.0125, and how many in the tail above."""
    counts, _ = np.histogram(mses, BINS, (0, MOST))
    return {"images": len(mses), "counts": counts.tolist(), "tail": int(np.sum(np.array(mses) > MOST))}


def distributions(name: str, arguments: argparse.Namespace, weights: str | None) -> dict[int, dict[str, Any]]:
    """Of a generator by factor, at those of Table 2 that it was trained for."""
    supersampler = Supersampler(weights)
    factors = [s for s in TABLE_2_FACTORS if s in supersampler.config.factors]
    found = errors(name, argparse.Namespace(**{**vars(arguments), "weights": weights}), supersampler, factors)
    return {s: distribution(at(found, s)) for s in factors}


def draw(kinds: dict[str, dict[int, dict[str, Any]]]) -> Figure:
    """A panel a coverage, one above the other, with a line a kind of generator."""
    factors = sorted({s for each in kinds.values() for s in each})
    figure, axes = new_figure(len(factors), height=1.15, sharex=True)
    edges = 1000 * np.linspace(0, MOST, BINS + 1)
    for panel, s in zip(axes[:, 0], factors):
        for (kind, each), colour in zip(kinds.items(), COLOURS):
            if s in each:
                told = f"{label(s)} px, {kind}: {each[s]['tail']} of {each[s]['images']} in the tail"
                panel.stairs(each[s]["counts"], edges, fill=kind == "unified", color=colour, label=told)
        panel.yaxis.get_major_locator().set_params(integer=True)
        panel.set_xlim(0, edges[-1])
        label_axes(panel, "", "images")
    axes[-1, 0].set_xlabel("MSE, 1/1000 of the crop's range squared", fontsize=FONT)
    return figure


def main() -> None:
    """Draw it."""
    made = parser(__doc__, "fig04.json and .png")
    made.add_argument("--individual", action="append", default=[], help="run of a generator for one coverage; several")
    arguments = made.parse_args()
    kinds = {"unified": distributions("fig04", arguments, arguments.weights), "individual": {}}
    for i, weights in enumerate(arguments.individual):
        kinds["individual"] |= distributions(f"fig04-individual-{i}", arguments, weights)
    paper = printed("fig04")
    report = {
        "mse_of_a_bin": MOST / BINS,
        **{kind: {label(s): each for s, each in found.items()} for kind, found in kinds.items() if found},
        "individual_weights": arguments.individual,
        "paper": {"tail": paper["tail"], "where": paper["where"]},
    }
    write("fig04", arguments, report, draw(kinds))


if __name__ == "__main__":
    run("fig04", main)
