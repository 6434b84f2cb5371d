"""What a figure's JSON has measured, beside what the paper prints (published.json); nothing is copied by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ._published import printed

TEST_IMAGES = 20000  # the paper's
Pair = tuple[float, float]  # here, and in the paper


class Compared(NamedTuple):
    """A table: what its columns are of, and for each row's name a pair of values, or None, a column."""

    columns: list[str]
    rows: dict[str, list[Pair | None]]


def compared(name: str, report: Mapping[str, Any]) -> Compared | None:
    """The figures of `name`.json that the paper prints too; None where it prints none."""
    if name not in READERS:
        return None
    here, paper = READERS[name](report, printed(name))
    columns = list(dict.fromkeys(column for row in paper.values() for column in row))
    rows = {}
    for title, row in paper.items():
        found = here.get(title, {})
        pairs = [(found[column], row[column]) if column in found and column in row else None for column in columns]
        if any(pairs):
            rows[title] = pairs
    return Compared(columns, rows) if rows else None


Rows = dict[str, dict[str, float]]  # by row's name and column


def _table2(report: Mapping[str, Any], paper: Mapping[str, Any]) -> tuple[Rows, Rows]:
    """Every method, mean and standard deviation; the unified generator is `dlss` in the JSON."""
    named = {method: "dlss" if method == "unified" else method for method in paper["mean"]}
    here, there = {}, {}
    for method, ours in named.items():
        for measure in ("mean", "std"):
            title = f"{method}, root {measure}"
            there[title] = paper[measure][method]
            here[title] = {c: each[ours][measure] for c, each in report["coverages"].items() if ours in each}
    return here, there


def _table3(report: Mapping[str, Any], paper: Mapping[str, Any]) -> tuple[Rows, Rows]:
    measures = ("mean", "std")
    there = {name: {f"root {each}": paper[each][name] for each in measures} for name in paper["mean"]}
    return {name: {f"root {m}": each[m] for m in measures} for name, each in report["inputs"].items()}, there


def _fig02(report: Mapping[str, Any], paper: Mapping[str, Any]) -> tuple[Rows, Rows]:
    powers = ("1", "c", "c^2")
    row = "coefficients of eq. 1"
    return {row: dict(zip(powers, report["coefficients"]["here"]))}, {row: dict(zip(powers, paper["coefficients"]))}


def _fig04(report: Mapping[str, Any], paper: Mapping[str, Any]) -> tuple[Rows, Rows]:
    """Shares of the images, since the paper has more of them."""
    title = "{}, share of images in the tail"
    there = {title.format(k): {c: n / TEST_IMAGES for c, n in tail.items()} for k, tail in paper["tail"].items()}
    here = {
        title.format(kind): {c: each["tail"] / each["images"] for c, each in report.get(kind, {}).items()}
        for kind in paper["tail"]
    }
    return here, there


def _fig06(report: Mapping[str, Any], _: Mapping[str, Any]) -> tuple[Rows, Rows]:
    row = "unified, root mean"
    here = {c: each["mean"] for c, each in report["coverages"].items()}
    return {row: here}, {row: printed("table2")["mean"]["unified"]}


def _fig08(report: Mapping[str, Any], paper: Mapping[str, Any]) -> tuple[Rows, Rows]:
    row = "gain where the outer 20 px are discarded"
    return {row: {"": report["gain"]["here"]}}, {row: {"": paper["gain"]}}


def _section2(report: Mapping[str, Any], paper: Mapping[str, Any]) -> tuple[Rows, Rows]:
    names = {"before": "error before", "residual": "residual"}
    return (
        {title: {"": report["mean"][name]} for name, title in names.items()},
        {title: {"": paper[name]} for name, title in names.items()},
    )


def _laplacian(report: Mapping[str, Any], paper: Mapping[str, Any]) -> tuple[Rows, Rows]:
    return {"ratio": {"": report["ratio"]["here"]}}, {"ratio": {"": paper["ratio"]}}


READERS = {
    "table2": _table2,
    "table3": _table3,
    "fig02": _fig02,
    "fig04": _fig04,
    "fig06": _fig06,
    "fig08": _fig08,
    "section2": _section2,
    "laplacian": _laplacian,
}
