import os

import pytest

from dlss_tf.interfaces.inputs import below, sources


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder as a microscope, and somebody who has been at work in it, leave it."""
    monkeypatch.chdir(tmp_path)
    names = [
        "b.dm4",
        "a.TIF",
        "b-x5.tif",
        "b-x5-uncertainty.tif",
        "b-every4.tif",
        "c-x5.tif",
        ".hidden.tif",
        "notes.txt",
    ]
    names += ["d.emi", "d_1.ser", "d_2.ser", "e.emi", "settings.xml", "b-x5-x5.tif"]
    names += ["b-2-HAADF-x5.tif", "b-10-x5-uncertainty.tif", "b-x5-guessed.tif"]
    names += ["b-x5-preview.png", "b-x4-preview.png", "c-x5-preview.png", "my-preview.png"]
    os.makedirs("scans/more.tif")
    os.mkdir("scans/store.zspy")
    for name in (*names, "store.zspy/.zgroup"):
        open(f"scans/{name}", "w", encoding="utf-8").close()
    return "scans"


IMAGES = ["a.TIF", "b-every4.tif", "b.dm4", "c-x5.tif", "d_1.ser", "d_2.ser", "e.emi", "my-preview.png", "store.zspy"]


@pytest.mark.parametrize("named", ["scans", "scans/", "scans/*"])
def test_a_folder_or_a_pattern_is_the_images_in_it(folder, named):
    assert sources([named]) == [f"scans/{name}" for name in IMAGES]


def test_results_are_those_of_the_command(folder):
    found = sources([folder], "every")
    assert "scans/b-x5.tif" in found and "scans/b-every4.tif" not in found


def test_patterns_look_into_folders_and_name_what_is_there(folder):
    assert sources(["**/d*.ser"]) == ["scans/d_1.ser", "scans/d_2.ser"]
    open("a[1].tif", "w", encoding="utf-8").close()
    assert sources(["a[1].tif"]) == ["a[1].tif"]


def test_what_is_named_counts_whatever_it_is_and_once(folder):
    named = ["scans/b-x5.tif", "scans/notes.txt", "scans/store.zspy", "missing.tif", "scans/../scans/b-x5.tif"]
    assert sources(named) == named[:4]
    assert sources(["scans/d_1.ser", "scans"]) == ["scans/d_1.ser", *(f"scans/{n}" for n in IMAGES if n != "d_1.ser")]


def test_what_holds_no_images_stays_as_it_is(folder):
    os.mkdir("empty")
    assert sources(["empty", "*.dm3", "scans/*.ser"]) == ["empty", "*.dm3", "scans/d_1.ser", "scans/d_2.ser"]


def test_a_file_that_is_named_in_two_cases_counts_once_where_they_do_not_differ(tmp_path, monkeypatch):
    monkeypatch.setattr("dlss_tf.formats.names.folds_case", lambda folder: True)
    assert sources(["A.tif", "a.tif", "b.tif"]) == ["A.tif", "b.tif"]
    assert [path for path, _ in below(["A.tif", "a.tif", "b.tif"])] == ["A.tif", "b.tif"]


def test_a_file_that_is_named_by_way_of_a_link_to_its_folder_counts_once(folder, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "scans")
    assert len(below(["scans", "link"])) == len(below(["scans"])) == len(sources(["scans", "link"]))
