"""docs/paper.md leads from every item of the paper to code that exists and a command that can be given."""

import ast
import re

import pages
import pytest

PAGE = "docs/paper.md"
ROWS = [
    [cell.strip() for cell in line.strip().strip("|").split("|")]
    for line in pages.PAGES[PAGE].splitlines()
    if line.startswith("|") and not set(line) <= set("|- ") and "file and name" not in line
]
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")
NOTHING_TO_RUN = {"Section VII", "Section X"}
_PLACE = re.compile(r"^([\w/.-]+\.py)(?::(\w+))?$")


def items() -> set[str]:
    """The items that have a row: "Eq. 1", "Fig. 13", ...; "Figs. 13-15" are three."""
    found = set()
    for name, *_ in ROWS:
        several = re.fullmatch(r"Figs\. (\d+)-(\d+)", name)
        numbers = range(int(several[1]), int(several[2]) + 1) if several else ()
        found |= {f"Fig. {n}" for n in numbers} or {name}
    return found - {""}


def defined(source: str) -> set[str]:
    """Names that a module's top level defines, or imports from another."""
    names = set()
    for node in ast.parse(source).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            targets = (t.elts if isinstance(t, ast.Tuple) else [t] for t in node.targets)
            names |= {t.id for group in targets for t in group if isinstance(t, ast.Name)}
    return names


def missing(place: str) -> str | None:
    """What of `path.py:name` does not exist; paths are the repository's, or within the package."""
    path, name = _PLACE.match(place).groups()
    files = [folder / path for folder in (pages.ROOT, pages.ROOT / "dlss_tf") if (folder / path).is_file()]
    if not files:
        return f"{place}: no such file"
    if name and name not in defined(files[0].read_text(encoding="utf-8")):
        return f"{place}: no such name"
    return None


def places(text: str) -> list[str]:
    return [span for span in pages.code_spans(text) if _PLACE.match(span) and "NAME" not in span]


def test_every_item_of_the_paper_has_a_row():
    expected = {f"Eq. {n}" for n in range(1, 12)} | {f"Table {n}" for n in range(1, 4)}
    expected |= {f"Fig. {n}" for n in range(1, 22)} | {f"Section {n}" for n in ROMAN}
    assert items() == expected


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0] or row[1])
def test_a_row_has_a_place_and_a_command_or_says_not_yet(row):
    name, what, where, command = row
    assert what
    if name in NOTHING_TO_RUN:
        return
    assert pages.code_spans(where) or "not yet" in where
    assert pages.code_spans(command) or command == "not yet"


@pytest.mark.parametrize("page", sorted(pages.PAGES))
def test_files_and_names_exist(page):
    assert [fault for fault in map(missing, places(pages.PAGES[page])) if fault] == []


def test_what_does_not_exist_is_found():
    """The tests above can fail."""
    assert missing("dlss_tf/coverages.py:p_raw") is missing("coverages.py:EQUATION_1") is None
    assert missing("dlss_tf/coverages.py:q_raw") == "dlss_tf/coverages.py:q_raw: no such name"
    assert missing("dlss_tf/lettuce.py") == "dlss_tf/lettuce.py: no such file"
    for bad in ("dlss-tf train --run RUN --colour red", "make tea", "make test TEA=1", "python -m experiments.tea"):
        with pytest.raises(AssertionError):
            pages.check(bad)
    for good in ("dlss-tf train --run RUN", "make test PYTHON=python3", "python -m experiments.table2"):
        pages.check(good)


@pytest.mark.parametrize("command", sorted({c for row in ROWS for c in pages.code_spans(row[-1])}))
def test_commands_can_be_given(command, capsys):
    assert pages.is_command(command)
    pages.check(command)
