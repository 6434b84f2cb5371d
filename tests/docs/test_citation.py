"""How to cite, said twice, is the same: README.md's BibTeX and CITATION.cff."""

import re
from pathlib import Path

import pages
import pytest

import dlss_tf

yaml = pytest.importorskip("yaml")

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def entries():
    """README's entries: fields by name, of each kind."""
    (block,) = [code for _, code in pages.fences(pages.PAGES["README.md"]) if code.startswith("@")]
    found = {}
    for kind, body in re.findall(r"@(\w+)\{\w+,\n(.*?)\n\}", block, re.DOTALL):
        found[kind] = dict(re.findall(r"^  (\w+) = \{(.*)\},?$", body, re.MULTILINE))
    return found


@pytest.fixture(scope="module")
def citation():
    return yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))


def test_the_paper(entries, citation):
    paper, cited = entries["article"], citation["preferred-citation"]
    (author,) = cited["authors"]
    assert paper["title"] == cited["title"] and paper["year"] == str(cited["year"])
    assert paper["author"] == f"{author['family-names']}, {author['given-names']}"
    assert paper["journal"] == cited["journal"]


def test_the_software(entries, citation):
    software = entries["software"]
    assert software["version"] == citation["version"] == dlss_tf.__version__
    assert software["author"] == f"{{{citation['authors'][0]['name']}}}"
    assert software["title"].startswith(citation["title"])
