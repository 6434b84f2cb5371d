import ntpath
import os
import unicodedata

import pytest

from dlss_tf.formats import names


@pytest.fixture
def insensitive(monkeypatch):
    """Every folder is one in which cases do not differ."""
    monkeypatch.setattr(names, "folds_case", lambda folder: True)


def test_all_ways_to_write_a_path_are_one_place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path)
    assert len({names.place(each) for each in ("a.tif", "./x/../a.tif", str(tmp_path / "a.tif"), "link/a.tif")}) == 1
    (tmp_path / "b.tif").symlink_to("a.tif")
    assert names.place("b.tif") != names.place("a.tif")  # it would be replaced itself


def test_cases_and_composed_accents_are_one_place_where_the_folder_says_so(tmp_path, insensitive):
    composed = unicodedata.normalize("NFC", "Größe é.tif")
    ways = {composed, unicodedata.normalize("NFD", composed), composed.upper()}
    assert len(ways) == 3 and len({names.place(str(tmp_path / each)) for each in ways}) == 1


def test_where_cases_differ_they_are_two_places(tmp_path):
    (tmp_path / "a.tif").touch()
    assert not names.folds_case(str(tmp_path)) and not names.folds_case(str(tmp_path / "not" / "yet"))
    assert names.place(str(tmp_path / "a.tif")) != names.place(str(tmp_path / "A.tif"))


def test_a_folder_is_asked_by_one_of_its_files(tmp_path, monkeypatch):
    (tmp_path / "1").touch()
    (tmp_path / "scan.tif").touch()
    same = os.path.samefile
    monkeypatch.setattr(names.os.path, "samefile", lambda a, b: same(a, os.path.join(tmp_path, "scan.tif")))
    assert names.folds_case(str(tmp_path))


def test_the_nearest_folder_that_there_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert names.nearest(str(tmp_path / "a" / "b")) == str(tmp_path)
    assert names.nearest("a/b") == names.nearest("") == "."


@pytest.mark.parametrize("folder", ["Z:\\scans\\today", "Z:\\", "\\\\server\\share\\scans", "z:scans", "C:/a\\b"])
def test_a_drive_or_machine_that_is_missing_is_no_endless_search(monkeypatch, folder):
    monkeypatch.setattr(names.os, "path", ntpath)
    assert names.nearest(folder).endswith((":\\", "\\", "share", ".", ":", ":/"))


@pytest.mark.parametrize(
    "path",
    [
        *("scan.tif", "C:\\scans\\scan.tif", "C:scan.tif", "D:/scans/scan-x5.tif", "..\\scan.tif", ".\\a.b\\c.tif"),
        *("\\\\server\\share\\scan.tif", "\\\\?\\C:\\scans\\scan.tif", "console.tif", "com10.tif", "a.con", "µ é.tif"),
    ],
)
def test_names_that_windows_takes(path):
    assert names.refusal(path, windows=True) == ""


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("scan:1.tif", ": in a name"),
        ("C:\\what?\\scan.tif", "? in a name"),
        ("a\tb.tif", "\t in a name"),
        ("con.tif", "con.tif, which is a device"),
        ("C:\\scans\\LPT1", "LPT1, which is a device"),
        ("Nul .ome.tif", "Nul .ome.tif, which is a device"),
        ("folder. \\scan.tif", "'folder. ', a name that ends"),
        ("scans.\\scan.tif", "'scans.', a name that ends"),
    ],
)
def test_names_that_windows_does_not_take(path, why):
    assert names.refusal(path, windows=True).startswith(why)
    assert names.refusal(path, windows=False) == ""


def test_long_paths(monkeypatch):
    path = "C:\\" + "\\".join(["x" * 99] * 3) + "\\scan.tif"
    assert names.refusal(path, windows=True) == ""  # unless Windows says otherwise
    monkeypatch.setattr(names, "takes_long_paths", lambda: False)
    assert names.refusal(path, windows=True) == "a path of 311 characters, when Windows is set to take at most 259"
    assert names.refusal("\\\\?\\" + path, windows=True) == ""


def test_no_windows_to_ask():
    assert names.takes_long_paths()
