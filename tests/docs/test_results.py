"""A figure of merit has one home: docs/results.md's tables are copied only where this says so, and line by line."""

import re

import pages
import pytest

HOME = "docs/results.md"
COPIES = ("README.md", "checkpoints/unified-small/MODEL_CARD.md", "checkpoints/unified-scan/MODEL_CARD.md")
#: Rows of ratios that two different measurements share, by chance, to two digits.
COINCIDENCES = {("0.56", "0.52", "0.53", "0.59", "0.59")}
_NUMBER = re.compile(r"^[*(]*[-+]?\d+\.\d+[%)*]*$")


def rows(page: str) -> list[str]:
    """Table rows of a page that hold at least four numbers."""
    return [line for line in pages.PAGES[page].splitlines() if line.startswith("|") and len(numbers(line)) >= 4]


def numbers(row: str) -> tuple[str, ...]:
    cells = (cell.strip() for cell in row.strip("|").split("|"))
    return tuple(cell.strip("*()") for cell in cells if _NUMBER.match(cell))


@pytest.mark.parametrize("page", COPIES)
def test_copies_are_lines_of_the_home(page):
    copied = [row for row in rows(page) if len(numbers(row)) == 5]
    assert len(copied) >= 5
    assert [row for row in copied if row not in pages.PAGES[HOME]] == []


def test_no_other_page_repeats_a_row():
    places: dict[tuple[str, ...], set[str]] = {}
    for page in set(pages.PAGES) - set(COPIES):
        for row in rows(page):
            places.setdefault(numbers(row), set()).add(page)
    assert len(places) > 50
    repeated = {row: pages_ for row, pages_ in places.items() if len(pages_) > 1}
    assert set(repeated) <= COINCIDENCES, repeated
