"""docs/gallery.md: what `make figures` made, its pictures small enough for a page, from the same JSON as the report."""

from __future__ import annotations

import argparse
import os

from dlss_tf.errors import InputError
from dlss_tf.formats.replacing import replacing

from ._entries import RECORD, Entry, entries, load
from ._report import run
from .picture import shrink

PICTURES = os.path.join("images", "gallery")
HEAD = """# The paper's tables and figures, as made here

Written by `python -m experiments.gallery` of what `make figures` made; `results/report.html` is the same, with pictures
at full size. Not edited by hand. [The paper, item by item](paper.md) leads to the code of each.
"""


def write_gallery(results: str, docs: str) -> None:
    """Write `docs`/gallery.md and its pictures.

    Raises:
        InputError: `results` has no record of `make figures`.
    """
    record = load(results)
    if not record:
        raise InputError(f"{results}: expected {RECORD} of `make figures`, found none")
    os.makedirs(docs, exist_ok=True)
    found = entries(results, record)
    for entry in found:
        if entry.picture:
            shrink(os.path.join(results, entry.picture), os.path.join(docs, PICTURES, entry.picture))
    with replacing(os.path.join(docs, "gallery.md")) as beside, open(beside, "w", encoding="utf-8") as file:
        file.write("\n".join([HEAD, *map(_section, found)]))


def _section(entry: Entry) -> str:
    parts = [f"## {entry.title}\n"]
    if entry.picture:
        parts.append(f"![{entry.title}]({PICTURES}/{entry.picture})\n")
    parts += ["\n".join(_row(row) for row in _ruled(rows)) + "\n" for rows in entry.tables]
    parts.append("\n".join(f"- **{name}**: {text}" for name, text in entry.facts.items()) + "\n")
    return "\n".join(parts)


def _ruled(rows: list[list[str]]) -> list[list[str]]:
    return [rows[0], ["---"] * len(rows[0]), *rows[1:]]


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def main() -> None:
    """Write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", default="results", help="where `make figures` wrote (%(default)s)")
    parser.add_argument("--docs", default="docs", help="folder of the page (%(default)s)")
    arguments = parser.parse_args()
    write_gallery(arguments.results, arguments.docs)
    print(f"written to {arguments.docs}/gallery.md and {arguments.docs}/{PICTURES}")


if __name__ == "__main__":
    run("gallery", main)
