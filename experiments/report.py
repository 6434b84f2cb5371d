"""results/report.html: one page, each table and figure beside what the paper prints, and what was run."""

from __future__ import annotations

import html
import os

from dlss_tf.formats.replacing import replacing

from ._entries import Entry, Record, entries

STYLE = """body{font:15px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222}
img{max-width:100%}table{border-collapse:collapse;font-size:13px;margin:1em 0}
td,th{padding:.15em .6em;border:1px solid #ccc}
section{border-top:1px solid #ccc;margin-top:2em}dt{font-weight:bold}code{background:#eee;padding:0 .2em}"""


def write_report(out: str, record: Record) -> None:
    """Write `out`/report.html of what `figures` noted in `record`; what is not made says why."""
    parts = [_section(entry) for entry in entries(out, record)]
    page = f"<!doctype html><meta charset='utf-8'><title>dlss_tf: the paper's results</title><style>{STYLE}</style>"
    page += "<h1>The paper's tables and figures, made by dlss_tf</h1>" + "".join(parts)
    with replacing(os.path.join(out, "report.html")) as beside, open(beside, "w", encoding="utf-8") as file:
        file.write(page)


def _section(entry: Entry) -> str:
    """An entry: its picture and tables, the paper's word, what was run, what differs."""
    body = f"<img src='{html.escape(entry.picture)}' alt='{html.escape(entry.title)}'>" if entry.picture else ""
    body += "".join(_table(rows) for rows in entry.tables)
    lines = "".join(f"<dt>{html.escape(name)}</dt><dd>{_code(text)}</dd>" for name, text in entry.facts.items())
    return f"<section><h2>{html.escape(entry.title)}</h2>{body}<dl>{lines}</dl></section>"


def _table(rows: list[list[str]]) -> str:
    lines = ["".join(f"<{cell}>{html.escape(text)}</{cell}>" for text in row) for cell, row in _kinds(rows)]
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def _kinds(rows: list[list[str]]) -> list[tuple[str, list[str]]]:
    """Each row with what its cells are in HTML."""
    return [("td" if i else "th", row) for i, row in enumerate(rows)]


def _code(text: str) -> str:
    """Escaped, with `code` as such."""
    pieces = html.escape(text).split("`")
    return "".join(f"<code>{piece}</code>" if i % 2 else piece for i, piece in enumerate(pieces))
