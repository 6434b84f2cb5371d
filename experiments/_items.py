"""What `python -m experiments.figures` makes, in the paper's order: module, options, and what the paper shows."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable, Sequence


@dataclasses.dataclass(frozen=True)
class Item:
    """A table or figure: made by `python -m experiments.MODULE` with `options` of the runs that there are."""

    title: str
    module: str
    paper: str  # what the paper prints or shows
    differs: str = ""  # what is not as in the paper, and why
    needs: str = ""  # the run without which it is not made, by its option's name
    command: str = ""  # which trains that
    options: Callable[[argparse.Namespace], Sequence[str]] = lambda runs: ()
    split: str = "test"  # of the data that it takes; "" if it takes none
    generator: bool = True  # whether it takes `--weights`, where it takes data
    name: str = ""  # of its files, if not the module's

    @property
    def file(self) -> str:
        """Name of its files without their ending."""
        return self.name or self.module


def several(option: str, runs: Sequence[str] | None) -> list[str]:
    """`--option RUN` for each."""
    return [text for run in runs or () for text in (f"--{option}", run)]


def at_factor(factor: int) -> Callable[[argparse.Namespace], list[str]]:
    """`--factor S`, whatever the runs."""
    return lambda runs: ["--factor", str(factor)]


OWN_DATA = "other images than the paper's"
ITEMS = (
    Item("Table 1", "table1", "learning rates and momentum decays at each iteration", split=""),
    Item(
        "Table 2",
        "table2",
        "root mean and root standard deviation of MSEs of 20000 test images",
        f"{OWN_DATA}; rows of fairer rivals are added",
        options=lambda runs: several("individual", runs.individual),
    ),
    Item("Table 3", "table3", "8-bit 0.0381, float16 0.0345, float32 0.0343 at 1/25", f"{OWN_DATA}; more casts"),
    Item("Fig. 1", "fig01", "probing locations of a point scan", split=""),
    Item("Fig. 2", "fig02", "root MSEs of training crops and their quadratic fit", OWN_DATA, split="train"),
    Item("Fig. 3", "fig03", "the MSE predictor", split=""),
    Item(
        "Fig. 4",
        "fig04",
        "histograms of test MSEs, most frequent near 0.001",
        f"{OWN_DATA}, fewer",
        options=lambda runs: several("individual", runs.individual),
    ),
    Item(
        "Fig. 5",
        "fig05",
        "outputs at 1/49 with and without blurred targets, deconvolved",
        "without a run trained by eq. 6, no output trained without blur",
        options=lambda runs: several("no-blur", [runs.no_blur] if runs.no_blur else None),
    ),
    Item("Fig. 6", "fig06", "errors at s = 3 ... 12, high at coverages not trained for", OWN_DATA),
    Item("Fig. 7", "fig07", "errors at each output pixel, higher near edges", f"{OWN_DATA}, fewer, so noisier"),
    Item("Fig. 8", "fig08", "errors fall by about 1% where 20 px from the edges are discarded", OWN_DATA),
    Item("Fig. 9", "fig09", "the one-stage generator", split=""),
    Item(
        "Fig. 10",
        "fig10",
        "learning curves of one- and two-stage generators at 1/25, the two-stage one's lower",
        "shorter training",
        needs="one_stage",
        command="make train-one-stage",
        options=lambda runs: ["--run", f"one-stage={runs.one_stage}", "--run", f"two-stage={runs.weights}"],
        split="",
    ),
    Item("Fig. 11", "fig11", "the two-stage generator", split=""),
    Item("Fig. 12", "fig12", "the discriminators", split=""),
    *(
        Item(
            title,
            "adversarial",
            "adversarial outputs have realistic noise",
            OWN_DATA,
            needs="adversarial",
            command="make train-unified ADVERSARIAL=1",
            options=at_factor(factor),
            name=name,
        )
        for title, factor, name in (
            ("Figs. 13-15 and 19", 5, "adversarial"),
            ("Fig. 20", 7, "adversarial-49"),
            ("Fig. 21", 10, "adversarial-100"),
        )
    ),
    Item("Figs. 16-18", "fig16", "outputs at four coverages", OWN_DATA),
    Item(
        "Section VI", "laplacian", "mean ratio of mean absolute Laplacians 0.93", OWN_DATA, split="val", generator=False
    ),
    Item("Beyond the paper: frequency", "frequency", "not in the paper"),
    Item("Beyond the paper: noise floor", "noise_floor", "not in the paper"),
)
