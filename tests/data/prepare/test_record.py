import json

import pytest

from dlss_tf.data.prepare.record import Record
from dlss_tf.errors import InputError

ENTRIES = [{"file": name, "specimen": name, "crops": []} for name in ("a", "µ\udcff")]


def test_lines_come_back(tmp_path):
    record = Record(str(tmp_path))
    assert list(record.entries()) == []
    for entry in ENTRIES:
        record.add(entry)
    assert list(record.entries()) == ENTRIES
    record.replace({**entry, "split": "val"} for entry in record.entries())
    assert list(record.entries()) == [{**entry, "split": "val"} for entry in ENTRIES]


@pytest.mark.parametrize("rest", ['{"file": "c", "spec', '{"file": "c", "specimen": "c", "crops": []}'])
def test_a_last_line_that_was_cut_off_is_cut_away(tmp_path, rest):
    record = Record(str(tmp_path))
    record.add(ENTRIES[0])
    with open(record.path, "a", encoding="utf-8") as file:
        file.write(rest)
    assert list(record.entries()) == ENTRIES[:1]
    record.add(ENTRIES[1])
    assert list(record.entries()) == ENTRIES


@pytest.mark.parametrize("line", ["", "no JSON", "[]", '{"crops": 1, "specimen": "a"}', "\0"])
def test_another_line_is_one_sentence(tmp_path, line):
    record = Record(str(tmp_path))
    record.add(ENTRIES[0])
    with open(record.path, "a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    with pytest.raises(InputError, match=r"prepare.jsonl: expected a file's record in line 2, found another"):
        list(record.entries())


def test_settings(tmp_path):
    record = Record(str(tmp_path))
    assert record.settings() is None
    record.write_summary({"version": 1, "size": 64, "image": None, "more": 1})
    assert record.settings() == {"version": 1, "size": 64, "image": None} and record.summary()["more"] == 1


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 1}'])
def test_another_summary_is_one_sentence(tmp_path, text):
    (tmp_path / "prepare.json").write_text(text)
    with pytest.raises(InputError, match="prepare.json: expected a record of dlss-tf prepare, found another"):
        Record(str(tmp_path)).settings()


def test_lines_are_json(tmp_path):
    record = Record(str(tmp_path))
    record.add(ENTRIES[0])
    assert json.loads((tmp_path / "prepare.jsonl").read_text()) == ENTRIES[0]
