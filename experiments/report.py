"""results/report.html: one page, each table and figure beside what the paper prints, and what was run."""

from __future__ import annotations

import csv
import html
import json
import os
from collections.abc import Mapping
from typing import Any

from dlss_tf.formats.replacing import replacing
from dlss_tf.progress import duration

from ._items import ITEMS, Item

MOST_ROWS = 60  # of a table that are shown
STYLE = """body{font:15px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222}
img{max-width:100%}table{border-collapse:collapse;font-size:13px}td,th{padding:.15em .6em;border:1px solid #ccc}
section{border-top:1px solid #ccc;margin-top:2em}dt{font-weight:bold}code{background:#eee;padding:0 .2em}"""


def write_report(out: str, record: Mapping[str, Mapping[str, Any]]) -> None:
    """Write `out`/report.html of what `figures` noted in `record`; what is not made says why."""
    parts = [_section(out, item, record.get(item.title, {})) for item in ITEMS]
    page = f"<!doctype html><meta charset='utf-8'><title>dlss_tf: the paper's results</title><style>{STYLE}</style>"
    page += "<h1>The paper's tables and figures, made by dlss_tf</h1>" + "".join(parts)
    with replacing(os.path.join(out, "report.html")) as beside, open(beside, "w", encoding="utf-8") as file:
        file.write(page)


def _section(out: str, item: Item, noted: Mapping[str, Any]) -> str:
    """An item: its picture or table, the paper's word, what was run, what differs."""
    report = _report(out, item)
    facts = {"Paper": item.paper}
    body = ""
    if "needs" in noted:
        facts["Not made"] = f"it needs a run of `{item.command}`"
    elif noted.get("status"):
        facts["Failed"] = f"with status {noted['status']}: `python {' '.join(noted['known']['command'])}`"
    elif not noted or report is None:
        facts["Not made"] = "not yet; `make figures` goes on"
    else:
        body = _picture(out, item) + _table(out, item)
        facts |= _facts(report, noted)
    if item.differs:
        facts["What differs"] = item.differs
    lines = "".join(f"<dt>{html.escape(name)}</dt><dd>{_code(text)}</dd>" for name, text in facts.items())
    return f"<section><h2>{html.escape(item.title)}</h2>{body}<dl>{lines}</dl></section>"


def _facts(report: Mapping[str, Any], noted: Mapping[str, Any]) -> dict[str, str]:
    facts = {"Run": f"`python {' '.join(noted['known']['command'])}`, {duration(noted['seconds'])}"}
    if "images" in report:
        facts["Images"] = str(report["images"])
    if "weights" in report:
        facts["Weights"] = str(report["weights"])
    if "data" in report:
        facts["Data"] = f"{', '.join(report['data'])}, {report.get('split')}"
    if "needs" in report:
        facts["Missing"] = str(report["needs"])
    facts["Code"] = f"{report.get('git_revision')}, TensorFlow {report.get('tensorflow')}, {report.get('date')}"
    return facts


def _report(out: str, item: Item) -> dict[str, Any] | None:
    try:
        with open(os.path.join(out, f"{item.file}.json"), encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def _picture(out: str, item: Item) -> str:
    name = f"{item.file}.png"
    there = os.path.exists(os.path.join(out, name))
    return f"<img src='{html.escape(name)}' alt='{html.escape(item.title)}'>" if there else ""


def _table(out: str, item: Item) -> str:
    """The first rows of its CSV, for tables alone."""
    path = os.path.join(out, f"{item.file}.csv")
    if not item.title.startswith("Table") or not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[: MOST_ROWS + 1]
    cells = ["".join(f"<td>{html.escape(_short(cell))}</td>" for cell in row) for row in rows]
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"


def _short(cell: str) -> str:
    try:
        return f"{float(cell):.4g}"
    except ValueError:
        return cell


def _code(text: str) -> str:
    """Escaped, with `code` as such."""
    pieces = html.escape(text).split("`")
    return "".join(f"<code>{piece}</code>" if i % 2 else piece for i, piece in enumerate(pieces))
