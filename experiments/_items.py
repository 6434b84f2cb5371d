"""What `python -m experiments.figures` makes, in the paper's order; what the paper shows is in published.json."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable, Sequence


@dataclasses.dataclass(frozen=True)
class Item:
    """A table or figure: made by `python -m experiments.MODULE` with `options` of the runs that there are."""

    title: str
    module: str
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


def first(count: int) -> Callable[[argparse.Namespace], list[str]]:
    """`--limit N`, where all images would take longer than all the rest."""
    return lambda runs: ["--limit", str(count)]


def at_factor(factor: int) -> Callable[[argparse.Namespace], list[str]]:
    """`--factor S`, whatever the runs."""
    return lambda runs: ["--factor", str(factor)]


OWN_DATA = "other images than the paper's"
ITEMS = (
    Item("Table 1", "table1", split=""),
    Item(
        "Table 2",
        "table2",
        f"{OWN_DATA}; rows of fairer rivals are added",
        options=lambda runs: several("individual", runs.individual),
    ),
    Item("Table 3", "table3", f"{OWN_DATA}; more casts, and bytes on the wire"),
    Item("Fig. 1", "fig01", split=""),
    Item("Fig. 2", "fig02", f"{OWN_DATA}, fewer", options=first(200), split="train"),
    Item("Fig. 3", "fig03", split=""),
    Item("Fig. 4", "fig04", f"{OWN_DATA}, fewer", options=lambda runs: several("individual", runs.individual)),
    Item(
        "Fig. 5",
        "fig05",
        f"{OWN_DATA}; without a run of `make train-no-blur` no output trained without blur",
        options=lambda runs: several("no-blur", [runs.no_blur] if runs.no_blur else None),
    ),
    Item("Fig. 6", "fig06", OWN_DATA),
    Item("Fig. 7", "fig07", f"{OWN_DATA}, fewer, so noisier"),
    Item("Fig. 8", "fig08", OWN_DATA),
    Item("Fig. 9", "fig09", split=""),
    Item(
        "Fig. 10",
        "fig10",
        "shorter training; the two-stage generator is for all coverages",
        needs="one_stage",
        command="make train-one-stage",
        options=lambda runs: ["--run", f"one-stage={runs.one_stage}", "--run", f"two-stage={runs.weights}"],
        split="",
    ),
    Item("Fig. 11", "fig11", split=""),
    Item("Fig. 12", "fig12", split=""),
    *(
        Item(
            title,
            "adversarial",
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
    Item("Figs. 16-18", "fig16", OWN_DATA),
    Item("Section II", "section2", f"{OWN_DATA}, fewer", options=first(50), split="train", generator=False),
    Item("Section VI", "laplacian", OWN_DATA, split="val", generator=False),
    Item("Beyond the paper: frequency", "frequency"),
    Item("Beyond the paper: noise floor", "noise_floor"),
    Item(
        "Beyond the paper: seeds",
        "seeds",
        needs="seed",
        command="make train-seeds",
        options=lambda runs: several("run", runs.seed),
        generator=False,
    ),
)
