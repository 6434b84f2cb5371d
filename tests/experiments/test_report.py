import json

import pytest

from experiments import _entries, report
from experiments._items import Item


@pytest.fixture
def items(monkeypatch):
    made = (Item("Table 9", "nine", "other <data>"), Item("Fig. 99", "none"), Item("Section VI", "laplacian"))
    monkeypatch.setattr(_entries, "ITEMS", made)
    return made


def test_no_place_is_empty(items, tmp_path):
    (tmp_path / "nine.json").write_text(json.dumps({"images": 3, "weights": "w", "data": ["d"], "split": "test"}))
    (tmp_path / "nine.csv").write_text("name,value\na,0.123456789\n")
    noted = {"Table 9": {"known": {"command": ["-m", "experiments.nine"]}, "status": 0, "seconds": 61.0}}
    report.write_report(str(tmp_path), noted)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "other &lt;data&gt;" in page and "<td>0.1235</td>" in page
    assert "<code>python -m experiments.nine</code>, 1 min 1 s" in page and "<dd>3</dd>" in page
    assert "Fig. 99" in page and "not yet; <code>make figures</code> goes on" in page


def test_what_the_paper_prints_stands_beside(items, tmp_path):
    (tmp_path / "laplacian.json").write_text(json.dumps({"images": 3, "ratio": {"here": 0.62}}))
    noted = {"Section VI": {"known": {"command": ["-m", "experiments.laplacian"]}, "status": 0, "seconds": 1.0}}
    report.write_report(str(tmp_path), noted)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "0.62 / 0.93 (0.67)" in page and "Section VI: mean ratio" in page and "not in the paper" in page
