import os
import shutil

import pytest
from PIL import Image

from dlss_tf import weights
from dlss_tf.config import Config
from dlss_tf.data.files import list_files
from dlss_tf.evaluation.finetuned import change, format_report, ratio, report


def test_change_is_that_of_the_mean_over_coverages_of_ratios():
    before, after = {"1/16": 0.1, "1/100": 0.2}, {"1/16": 0.09, "1/100": 0.22}
    assert ratio(before, after) == pytest.approx(1.0)
    assert ratio(before, before | {"1/16": 0.05}) == pytest.approx(0.75)
    assert change(before, before | {"1/16": 0.05}) == "-25.0%"
    assert change(before, before | {"1/16": 0.2}) == "+50.0%"


@pytest.fixture
def record(tiny_run):
    return {
        "start": weights.identity(tiny_run),
        "data": {split: {"files": count, "digest": "ab"} for split, count in (("train", 12), ("val", 4), ("test", 0))},
        "prepared": {"my_data": "cd"},
        "checks": {"0": {"1/16": 0.1, "1/64": 0.2}, "50": {"1/16": 0.09, "1/64": 0.2}},
        "looked_at": 4,
        "shares": {"0": 1.0, "50": 0.5},
        "delivered": 50,
        "git_revision": None,
        "tensorflow": "2",
        "date": "2026-11-27",
    }


@pytest.fixture
def run(tiny_run, tmp_path):
    return shutil.copytree(tiny_run, str(tmp_path / "mine"))


def reported(record, run, tiny_run, tiny_data):
    files = {"val": list_files([tiny_data], "val"), "test": list_files([tiny_data], "test")}
    config = Config.load(os.path.join(run, "config.json")).replace(size=64)
    report(record, run, tiny_run, config, files)
    with open(os.path.join(run, "MODEL_CARD.md"), encoding="utf-8") as file:
        return file.read()


def test_before_and_after_on_images_never_seen(record, run, tiny_run, tiny_data):
    """By coverage in the record and on the card, which has what it was made from; on a sheet, first and last."""
    card = reported(record, run, tiny_run, tiny_data)
    assert record["validation"] == {"images": 4, "before": record["checks"]["0"], "after": record["checks"]["50"]}
    assert record["test"]["images"] == 3 and set(record["test"]["before"]) == {"1/16", "1/64"}
    assert record["test"]["after"] == record["test"]["before"]  # the same weights
    assert (
        weights.digest(tiny_run) in card
        and "50 iterations of 2 crops" in card
        and "of the way from there to these 50%" in card
        and "| val | 4 files" in card
    )
    assert "`my_data/prepare.jsonl`, SHA-256 `cd`" in card
    assert format_report(record) in card
    with Image.open(os.path.join(run, "finetune.png")) as sheet:
        assert sheet.width > sheet.height * 0.6 and sheet.mode == "L"


def test_what_is_as_it_was_has_no_sheet(record, run, tiny_run, tiny_data):
    record["delivered"] = 0
    assert "as it was: training it further made it no better" in reported(record, run, tiny_run, tiny_data)
    assert record["validation"]["after"] == record["validation"]["before"]
    assert not os.path.exists(os.path.join(run, "finetune.png"))


def test_table_for_a_terminal(record):
    record["validation"] = {"images": 1, "before": record["checks"]["0"], "after": record["checks"]["50"]}
    lines = format_report(record).splitlines()
    assert lines[0].split() == ["1", "validation", "image", "1/16", "1/64"]
    assert [line.split() for line in lines[1:4]] == [
        ["before", "0.1000", "0.2000"], ["after", "0.0900", "0.2000"], ["change", "-10.0%", "+0.0%"]
    ]  # fmt: skip
