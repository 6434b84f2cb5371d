import os

import pytest

from dlss_tf.suggestions import did_you_mean, did_you_mean_path, names


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("HADF", "; did you mean HAADF?"),
        ("hadf", "; did you mean HAADF?"),
        ("DF-4", "; did you mean DF4?"),
        ("EELS", ""),
        ("", ""),
    ],
)
def test_the_nearest_of_what_is_known(word, near):
    assert did_you_mean(word, ["BF", "HAADF", "DF4"]) == near
    assert did_you_mean(word, []) == ""


def test_what_is_in_the_folder_that_a_path_names(tmp_path, monkeypatch):
    for name in ("scan_0042.dm4", "notes.txt", ".scan_0041.dm4"):
        (tmp_path / name).touch()
    there, near = str(tmp_path / "scan_0042.dm4"), f"; did you mean {tmp_path / 'scan_0042.dm4'}?"
    assert did_you_mean_path(str(tmp_path / "scan_0042.dm3")) == near
    assert did_you_mean_path(str(tmp_path / "scan_42.dm4")) == near
    assert did_you_mean_path(there) == ""
    assert did_you_mean_path(str(tmp_path / "image.png")) == ""  # however long what both are in is called
    assert did_you_mean_path(str(tmp_path / "none" / "scan_0042.dm3")) == ""
    monkeypatch.chdir(tmp_path)
    assert did_you_mean_path("scan_0042.dm") == "; did you mean scan_0042.dm4?"
    assert did_you_mean_path("unified-smal", ["unified-small", "unified-scan"]) == "; did you mean unified-small?"


def test_names_are_few_and_none_is_hidden(tmp_path, monkeypatch):
    for name in ("b", "a", ".c"):
        (tmp_path / name).touch()
    assert names(str(tmp_path)) == ["a", "b"] and names(str(tmp_path / "none")) == names("a\0") == []
    monkeypatch.setattr("dlss_tf.suggestions.MOST_NAMES", 2)
    assert len(names(str(tmp_path))) <= 2
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("dlss_tf.suggestions.MOST_NAMES", 10)
    assert names("") == sorted(set(os.listdir()) - {".c"})
