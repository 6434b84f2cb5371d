import argparse
import json
import sys
from pathlib import Path

import pytest

from experiments import _entries, _items, figures
from experiments.adversarial import SHIPPED


@pytest.fixture
def items(monkeypatch, tmp_path):
    """Three items of a module that notes its calls: one that is made, one that fails, one that needs a run."""
    (tmp_path / "experiments").mkdir()
    (tmp_path / "here" / "test").mkdir(parents=True)
    (tmp_path / "here" / "test" / "a.tif").write_bytes(b"one")
    (tmp_path / "experiments" / "__init__.py").touch()
    (tmp_path / "experiments" / "fake.py").write_text(
        "import json, sys\n"
        "open('calls', 'a').write(' '.join(sys.argv[1:]) + '\\n')\n"
        "open(sys.argv[sys.argv.index('--out') + 1] + '/fake.json', 'w').write(json.dumps({'images': 2}))\n"
        "sys.exit(3 * ('--fail' in sys.argv))\n"
    )
    made = (
        _items.Item("Fig. 1", "fake"),
        _items.Item("Fig. 2", "fake", options=lambda runs: ["--fail"], split=""),
        _items.Item("Fig. 3", "fake", needs="one_stage", command="make train-one-stage"),
    )
    for module in (figures, _entries):
        monkeypatch.setattr(module, "ITEMS", made)
    monkeypatch.chdir(tmp_path)
    return made


def run(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["figures", "--data", "here", "--out", "results"])
    return figures.main()


def test_makes_what_it_can_once_and_says_what_it_lacks(items, monkeypatch, tmp_path, capsys):
    assert run(monkeypatch) == 1
    assert "failed: Fig. 2" in capsys.readouterr().out
    assert run(monkeypatch) == 1
    calls = (tmp_path / "calls").read_text().splitlines()
    assert calls == [
        "--out results --weights unified-small --data here --split test",
        "--fail --out results",
        "--fail --out results",  # what failed is tried again
    ]
    record = json.loads((tmp_path / "results" / "figures.json").read_text())
    assert [record[item.title].get("status") for item in items] == [0, 3, None]
    page = (tmp_path / "results" / "report.html").read_text()
    assert "needs a run of <code>make train-one-stage</code>" in page and "with status 3" in page


@pytest.mark.parametrize("changed", ["images", "weights", "code"])
def test_what_it_was_made_of_has_changed(items, monkeypatch, tmp_path, changed):
    run(monkeypatch)
    if changed == "images":
        (tmp_path / "here" / "test" / "a.tif").write_bytes(b"another")
    elif changed == "weights":
        monkeypatch.setattr(figures.weights, "digest", lambda of: "others")
    else:
        monkeypatch.setattr(figures, "software", lambda: {"git_revision": "later"})
    run(monkeypatch)
    made = [line for line in (tmp_path / "calls").read_text().splitlines() if "--fail" not in line]
    assert len(made) == 2


def test_every_items_module_is_there_and_no_title_twice():
    titles = [item.title for item in _items.ITEMS]
    assert len(set(titles)) == len(titles)
    folder = Path(figures.__file__).parent
    assert all((folder / f"{item.module}.py").is_file() for item in _items.ITEMS)


@pytest.mark.parametrize(("options", "adversarial"), [([], SHIPPED), (["--weights", "mine"], None)])
def test_the_pretrained_generator_is_shown_beside_its_adversarial_one(monkeypatch, options, adversarial):
    monkeypatch.setattr(sys, "argv", ["figures", "--data", "d", *options])
    assert figures.given().adversarial == adversarial


def test_options_follow_the_runs():
    runs = argparse.Namespace(
        weights="u",
        adversarial=None,
        individual=["a", "b"],
        no_blur="n",
        seed=["r", "s"],
        one_stage="o",
        out="out",
        data=["d"],
    )
    lines = {item.title: figures.command(item, runs) for item in _items.ITEMS}
    assert lines["Fig. 20"] is None
    assert lines["Table 2"][:6] == ["-m", "experiments.table2", "--individual", "a", "--individual", "b"]
    assert lines["Fig. 5"][2:4] == ["--no-blur", "n"]
    assert lines["Fig. 10"][2:6] == ["--run", "one-stage=o", "--run", "two-stage=u"]
    assert lines["Beyond the paper: seeds"][2:6] == ["--run", "r", "--run", "s"]
    assert lines["Fig. 1"] == ["-m", "experiments.fig01", "--out", "out"]
