import argparse
import json
import warnings

import numpy as np
import pytest

from dlss_tf.cli import batch
from dlss_tf.cli.exits import FAILED
from dlss_tf.errors import InputError
from dlss_tf.interfaces.outputs import Job
from dlss_tf.micrograph import Micrograph

JOBS = [
    Job("a", {"target": "a.tif"}),
    Job("b", {"target": "b.tif"}, InputError("b: expected better")),
    Job("c", {"target": "c.tif", "uncertainty": "c-uncertainty.tif", "preview": __file__}),
    Job("d", {"target": "d.tif", "preview": "was not drawn"}, image=2),
]


def make(source, target, image):
    if source == "a":
        raise MemoryError
    warnings.warn("the same word", stacklevel=1)
    return Micrograph(np.zeros((4, 5), np.uint8), (0.5, 0.25), "nm")


def test_a_line_for_each_and_one_for_all(capsys):
    with pytest.warns(UserWarning, match="the same word"):
        assert batch.run(JOBS, make) == FAILED
    captured = capsys.readouterr()
    assert captured.out.splitlines()[:2] == [f"{name}.tif: 4x5 px of 0.5 x 0.25 nm" for name in "cd"]
    assert captured.out.splitlines()[2] == "2 of 4 files done in 0 s; 2 not, for the reasons given"
    sentences = ["dlss-tf: a: expected to be done, found MemoryError", "dlss-tf: b: expected better"]
    assert captured.err.splitlines() == sentences


def test_one_file_needs_no_summary(capsys):
    with pytest.warns(UserWarning):
        assert batch.run(JOBS[3:], make) == 0
    assert capsys.readouterr().out.count("\n") == 1


def test_json_tells_the_same(capsys):
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        assert batch.run(JOBS, make, as_json=True) == FAILED
    captured = capsys.readouterr()
    records = [json.loads(line) for line in captured.out.splitlines()]
    assert all(tuple(record) == batch.FIELDS for record in records)
    assert [record["source"] for record in records] == list("abcd")
    assert [record["error"] for record in records[1:3]] == ["b: expected better", None]
    assert [record["image"] for record in records] == [None, None, None, 2]
    assert {record["skipped"] for record in records} == {False}
    assert records[2]["uncertainty"] == "c-uncertainty.tif" and records[3]["uncertainty"] is None
    assert records[2]["preview"] == __file__ and records[3]["preview"] is records[1]["preview"] is None
    assert records[2]["warnings"] == records[3]["warnings"] == ["the same word"]
    assert (records[3]["dtype"], records[3]["pixel_size"], records[3]["units"]) == ("uint8", [0.5, 0.25], "nm")
    assert captured.err.splitlines()[-1].startswith("2 of 4 files done")


def test_what_is_skipped_is_counted_and_nothing_else_fails(capsys):
    targets = ({"target": "a.tif"}, {"target": "b.tif", "uncertainty": "b-uncertainty.tif"})
    jobs = [Job(name, each, skipped=True) for name, each in zip("ab", targets)]
    assert batch.run(jobs, None) == 0
    first, second, summary = capsys.readouterr().out.splitlines()
    assert (first, second) == ("a.tif: there already, skipped", "b.tif: there already, skipped")
    assert summary == "0 of 2 files done in 0 s; 2 skipped, whose results are there"
    assert batch.run(jobs[1:], None, as_json=True) == 0
    (record,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (record["skipped"], record["target"], record["uncertainty"]) == (True, "b.tif", "b-uncertainty.tif")
    assert record["shape"] is record["error"] is None


def test_several_files_do_not_become_one(tmp_path):
    arguments = argparse.Namespace(files=[str(tmp_path)], out=str(tmp_path / "x.tif"), factor=4, format=".tif")
    arguments.overwrite, arguments.skip_existing, arguments.image = False, False, None
    for name in "ab":
        np.save(tmp_path / f"{name}.npy", np.eye(4))
    with pytest.raises(InputError, match="expected a folder for 2 files, found a file's name"):
        batch.plan(arguments, "x")
