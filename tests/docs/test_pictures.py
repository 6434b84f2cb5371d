"""Every picture of the pages is there, small, and has the command that makes it in its section."""

import re

import pages
import pytest
from PIL import Image

from experiments.picture import MOST, WIDEST

GALLERY = "docs/gallery.md"  # written by `python -m experiments.gallery`, with each item's command
PICTURES = {
    (page, (pages.ROOT / page).parent.joinpath(link).resolve().relative_to(pages.ROOT).as_posix())
    for page, text in pages.PAGES.items()
    for link in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)
}


def commands(text):
    """All that can be typed, of code blocks and of sentences."""
    lines = [line for language, code in pages.fences(text) if language == "" for line in pages.command_lines(code)]
    return lines + [span for span in pages.code_spans(text) if pages.is_command(span) or "python -m" in span]


def missing(text, picture, generated=False):
    """Whether a page shows a picture in a section that has no command for it."""
    name = picture.rpartition("/")[2]
    sections = [section for section in re.split(r"^#+ ", text, flags=re.MULTILINE) if f"/{name})" in section]
    named = [any(generated or picture in line.split() for line in commands(section)) for section in sections]
    return not named or not all(named)


@pytest.mark.parametrize(("page", "picture"), sorted(PICTURES))
def test_a_command_stands_beside_it(page, picture):
    assert not missing(pages.PAGES[page], picture, page == GALLERY), f"{page}: no command makes {picture} beside it"


@pytest.mark.parametrize("picture", sorted({picture for _, picture in PICTURES}))
def test_is_there_and_small(picture):
    path = pages.ROOT / picture
    with Image.open(path) as image:
        assert image.width <= WIDEST
    assert path.stat().st_size < MOST


def test_none_is_left_over():
    there = {path.relative_to(pages.ROOT).as_posix() for path in (pages.ROOT / "docs" / "images").rglob("*.png")}
    assert there == {picture for _, picture in PICTURES}


def test_what_is_missing_is_found():
    """The tests above can fail."""
    shown, command = "# A\n\n![a](images/a.png)\n", "`python -m experiments.a --picture docs/images/a.png`\n"
    assert not missing(shown + command, "docs/images/a.png") and missing(shown, "docs/images/a.png")
    assert missing(f"{shown}\n# B\n\n{command}", "docs/images/a.png")
    assert not missing(shown + "`python -m experiments.a`\n", "docs/images/a.png", generated=True)
