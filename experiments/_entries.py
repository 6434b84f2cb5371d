"""What is known of each table and figure once `figures` has run: for the report and for the documentation's gallery."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dlss_tf.progress import duration

from ._compared import Pair, compared
from ._items import ITEMS, Item
from ._published import where

MOST_ROWS = 60  # of a table that are shown
RECORD = "figures.json"  # what `figures` notes of each item by its title
Record = Mapping[str, Mapping[str, Any]]


class Entry(NamedTuple):
    """A table or figure as it is shown; `code` in facts is in backquotes."""

    title: str
    picture: str | None  # file in the results
    tables: list[list[list[str]]]  # rows of cells, the header first
    facts: dict[str, str]


def load(out: str) -> dict[str, Any]:
    """What `figures` has noted in `out`; nothing where it has not run."""
    return _read(os.path.join(out, RECORD)) or {}


def entries(out: str, record: Record) -> list[Entry]:
    """Every item in the paper's order; one that is not made says why."""
    return [_entry(out, item, record.get(item.title, {})) for item in ITEMS]


def _entry(out: str, item: Item, noted: Mapping[str, Any]) -> Entry:
    report = _read(os.path.join(out, f"{item.file}.json"))
    facts = {"Paper": where(item.file)}
    picture, tables = None, []
    if "needs" in noted:
        facts["Not made"] = f"it needs a run of `{item.command}`"
    elif noted.get("status"):
        facts["Failed"] = f"with status {noted['status']}: `python {' '.join(noted['known']['command'])}`"
    elif not noted or report is None:
        facts["Not made"] = "not yet; `make figures` goes on"
    else:
        picture = f"{item.file}.png" if os.path.exists(os.path.join(out, f"{item.file}.png")) else None
        tables = [*_own_table(out, item), *_beside_paper(item, report)]
        facts |= _facts(report, noted)
    if item.differs:
        facts["What differs"] = item.differs
    return Entry(item.title, picture, tables, facts)


def _facts(report: Mapping[str, Any], noted: Mapping[str, Any]) -> dict[str, str]:
    facts = {"Run": f"`python {' '.join(noted['known']['command'])}`, {duration(noted['seconds'])}"}
    if "images" in report:
        facts["Images"] = str(report["images"])
    if "weights" in report:
        named = report["weights"]
        facts["Weights"] = named if isinstance(named, str) else ", ".join(named.values())
    if "data" in report:
        facts["Data"] = f"{', '.join(report['data'])}, {report.get('split')}"
    if "needs" in report:
        facts["Missing"] = str(report["needs"])
    facts["Code"] = f"{report.get('git_revision')}, TensorFlow {report.get('tensorflow')}, {report.get('date')}"
    return facts


def _read(path: str) -> dict[str, Any] | None:
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def _own_table(out: str, item: Item) -> list[list[list[str]]]:
    """The first rows of its CSV, for tables alone."""
    path = os.path.join(out, f"{item.file}.csv")
    if not item.title.startswith("Table") or not os.path.exists(path):
        return []
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[: MOST_ROWS + 1]
    return [[[_short(cell) for cell in row] for row in rows]]


def _beside_paper(item: Item, report: Mapping[str, Any]) -> list[list[list[str]]]:
    """What was measured, what the paper prints, and the ratio of the two."""
    found = compared(item.file, report)
    if found is None:
        return []
    return [[["here / paper (ratio)", *found.columns], *([name, *_cells(row)] for name, row in found.rows.items())]]


def _cells(pairs: Sequence[Pair | None]) -> list[str]:
    return ["" if pair is None else f"{pair[0]:.3g} / {pair[1]:.3g} ({pair[0] / pair[1]:.2f})" for pair in pairs]


def _short(cell: str) -> str:
    try:
        return f"{float(cell):.4g}"
    except ValueError:
        return cell
