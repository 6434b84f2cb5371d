import ntpath
import os

import numpy as np
import pytest
import tifffile

from dlss_tf.errors import InputError
from dlss_tf.inference.options import Options
from dlss_tf.interfaces import outputs


@pytest.mark.parametrize(
    ("source", "out", "expected"),
    [
        ("a/scan.ome.tif", None, "a/scan-x5.tif"),
        ("scan.dm4", None, "scan-x5.tif"),
        ("a/scan.dm4", "b", "b/scan-x5.tif"),
        ("a/scan.dm4", "b.v2", "b.v2/scan-x5.tif"),
        ("a/scan.dm4", "b/image.hspy", "b/image.hspy"),
    ],
)
def test_where_a_result_goes(source, out, expected):
    assert outputs.output_path(source, out, 5, ".tif") == expected


def test_a_folder_may_be_called_like_a_file(tmp_path):
    (tmp_path / "results.tif").mkdir()
    out = str(tmp_path / "results.tif")
    assert outputs.output_path("a.npy", out, 4, ".npy", "every") == os.path.join(out, "a-every4.npy")
    outputs.check_out(["a.npy", "b.npy"], out)


def test_uncertainty_lies_beside_the_image():
    assert outputs.beside_path("a/image.ome.tif", "uncertainty") == "a/image-uncertainty.ome.tif"
    assert outputs.beside_path("a/image.ome.tif", "preview") == "a/image-preview.png"


def test_what_comes_beside_an_image():
    assert outputs.names_beside(Options(), False) == ()
    assert outputs.names_beside(Options(ensemble=True), True) == ("uncertainty", "preview")
    made = outputs.outputs("a.npy", ("uncertainty", "preview"))
    assert made == {"target": "a.npy", "uncertainty": "a-uncertainty.npy", "preview": "a-preview.png"}


def test_what_would_be_lost_is_not_written_over(tmp_path):
    scan, other = tmp_path / "scan.tif", tmp_path / "other.tif"
    scan.touch()
    os.link(scan, tmp_path / "link.tif")
    other.touch()
    for target in (scan, tmp_path / "link.tif"):
        with pytest.raises(InputError, match="expected another file than the scan itself"):
            outputs.check_output(str(scan), str(target), overwrite=True)
    with pytest.raises(InputError, match="expected no file, found one"):
        outputs.check_output(str(scan), str(other), overwrite=False)
    outputs.check_output(str(scan), str(other), overwrite=True)
    with pytest.raises(InputError, match="expected a folder that can be written, found .*scan.tif which cannot"):
        outputs.check_output(str(scan), str(scan / "new" / "image.tif"), overwrite=False)
    outputs.check_output(str(scan), str(tmp_path / "new" / "image.tif"), overwrite=False)


@pytest.mark.parametrize(
    ("target", "there", "sentence"),
    [
        ("a.tif", "folder", "expected a file to replace, found a folder"),
        ("a.zspy", "folder", "expected a Zarr store to replace, found a folder"),
        ("a.zspy", "file", "expected a Zarr store to replace, found a file"),
        ("a.zspy", "store", None),
        ("a.tif", "link to nothing", None),
    ],
)
def test_only_what_is_like_it_is_replaced(tmp_path, target, there, sentence):
    path = tmp_path / target
    if there == "file":
        path.touch()
    elif there == "link to nothing":
        path.symlink_to("none")
    else:
        path.mkdir()
        (path / (".zgroup" if there == "store" else "notes.txt")).touch()
    with pytest.raises(InputError, match="expected no file, found one; give --overwrite"):
        outputs.check_output("scan.dm4", str(path), overwrite=False)
    if sentence is None:
        outputs.check_output("scan.dm4", str(path), overwrite=True)
    else:
        with pytest.raises(InputError, match=sentence):
            outputs.check_output("scan.dm4", str(path), overwrite=True)


@pytest.mark.parametrize("name", ["a" * 300 + ".tif", "a\0.tif"])
def test_names_that_no_file_can_have_are_told_before_the_work(tmp_path, name):
    with pytest.raises(InputError, match="expected a name that a file can have, found"):
        outputs.check_output("scan.dm4", str(tmp_path / name), overwrite=False)


def test_a_zarr_store_is_a_file_and_no_folder_for_results(tmp_path):
    (tmp_path / "a.zspy").mkdir()
    out = str(tmp_path / "a.zspy")
    assert not outputs.is_file_name(out)
    (tmp_path / "a.zspy" / ".zgroup").touch()
    assert outputs.is_file_name(out) and outputs.output_path("scan.dm4", out, 4, ".zspy") == out


def refusals(*sources, out=None, suffix=".npy", **options):
    for source in sources:
        source.parent.mkdir(exist_ok=True)
        if not source.exists():
            source.write_bytes(b"a scan")
    jobs = outputs.plan([str(source) for source in sources], out and str(out), 4, suffix, **options)
    return [job.refusal and str(job.refusal) for job in jobs]


@pytest.mark.parametrize("overwrite", [False, True])
def test_two_sources_of_one_name(tmp_path, overwrite):
    a, b = tmp_path / "a" / "scan.dm4", tmp_path / "b" / "scan.tif"
    first, second = refusals(a, b, out=tmp_path / "out", overwrite=overwrite)
    assert first is None
    target = os.path.join(tmp_path / "out", "scan-x4.npy")
    assert second == f"{b}: expected a result of its own name, found {target} to be that of {a}"
    assert refusals(a, b) == [None, None]
    (tmp_path / "link").symlink_to(tmp_path)
    _, second = refusals(tmp_path / "scan.dm4", tmp_path / "link" / "scan.tif")
    assert "expected a result of its own name" in second


@pytest.mark.parametrize(("what", "name"), [("uncertainty", "a-x4-uncertainty.npy"), ("preview", "a-x4-preview.png")])
def test_what_comes_beside_is_a_result_too(tmp_path, what, name):
    a, other = tmp_path / "a.dm4", tmp_path / name
    other.touch()
    assert refusals(a) == [None]
    (refusal,) = refusals(a, beside=[what])
    assert refusal == f"{other}: expected no file, found one; give --overwrite or another --out"
    assert refusals(a, beside=[what], overwrite=True) == [None]


@pytest.mark.parametrize("overwrite", [False, True])
def test_no_scan_of_the_command_is_written_over(tmp_path, overwrite):
    scans = [tmp_path / name for name in ("a.npy", "a-x4.npy", "a-x4-uncertainty.npy")]
    assert refusals(*scans, beside=["uncertainty"], overwrite=overwrite)[0]
    (refusal,) = refusals(scans[2], out=tmp_path / "a-x4.npy", beside=["uncertainty"], overwrite=overwrite)
    assert "a-x4.npy: expected no file" in refusal if not overwrite else "another file than the scan itself" in refusal


def test_a_scan_that_is_not_there_is_told_before_the_work(tmp_path):
    (job,) = outputs.plan([str(tmp_path / "none.npy")], None, 4, ".npy")
    assert "found nothing" in str(job.refusal) and not job.to_do


def test_results_that_are_there_are_skipped_if_asked(tmp_path):
    scan, target, beside = (tmp_path / name for name in ("a.npy", "a-x4.npy", "a-x4-uncertainty.npy"))
    scan.write_bytes(b"a scan")
    target.write_bytes(b"an image")

    def planned(*sources, **options):
        return outputs.plan(list(map(str, sources)), None, 4, ".npy", skip_existing=True, **options)

    (job,) = planned(scan)
    assert job.skipped and not job.to_do and job.targets == {"target": str(target)}
    (job,) = planned(scan, beside=["uncertainty"])  # which was made without
    assert not job.skipped and f"{target}: expected no file, found one" in str(job.refusal)
    beside.write_bytes(b"its uncertainty")
    assert planned(scan, beside=["uncertainty"])[0].skipped
    (tmp_path / "b.npy").write_bytes(b"a scan")
    assert [job.to_do for job in planned(scan, tmp_path / "b.npy")] == [False, True]


def test_nothing_is_skipped_that_is_no_result_of_its_own(tmp_path):
    a, b, out = tmp_path / "a" / "scan.npy", tmp_path / "b" / "scan.npy", tmp_path / "scan-x4.npy"
    out.write_bytes(b"an image")
    first, second = refusals(a, b, out=tmp_path, skip_existing=True)
    assert first is None and "expected a result of its own name" in second
    (refusal,) = refusals(a, out=a, skip_existing=True)
    assert refusal == f"{a}: expected a result that is no scan of this command, found {a}"
    out.unlink()
    out.mkdir()  # a folder is no result
    assert "expected no file, found one" in refusals(a, out=tmp_path, skip_existing=True)[0]


def test_what_is_skipped_may_lie_where_nothing_can_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    (tmp_path / "a-x4.npy").write_bytes(b"an image")
    assert refusals(tmp_path / "a.npy", skip_existing=True) == [None]
    assert "expected a folder that can be written" in refusals(tmp_path / "b.npy", skip_existing=True)[0]


def test_a_format_that_nothing_is_written_in_is_told():
    outputs.check_format(".ome.tif")
    with pytest.raises(InputError, match=r"^--format: expected one of .*hspy.*, found dm4"):
        outputs.check_format(".dm4")


def test_all_images_of_a_file_have_places_of_their_own(tmp_path):
    source, bad = tmp_path / "two.ome.tif", tmp_path / "bad.npy"
    with tifffile.TiffWriter(source, ome=True) as file:
        for name in ("BF", "HAADF"):
            file.write(np.eye(8, dtype="f4"), metadata={"Name": name})
    bad.write_bytes(b"none")
    (tmp_path / "two-1-BF-x4.npy").touch()
    first, *jobs = outputs.plan([str(bad), str(source)], None, 4, ".npy", image="all")
    assert first.targets == {} and "bad.npy: expected" in str(first.refusal)
    assert [(job.image, os.path.basename(job.targets["target"])) for job in jobs] == [
        (1, "two-1-BF-x4.npy"),
        (2, "two-2-HAADF-x4.npy"),
    ]
    assert "expected no file, found one" in str(jobs[0].refusal) and jobs[1].refusal is None
    (refusal,) = refusals(source, out=tmp_path / "one.npy", image="all")
    assert refusal.endswith("one.npy: expected a folder for 2 files, found a file's name")


def test_two_scans_whose_names_differ_in_case_alone_where_cases_do_not_differ(tmp_path, monkeypatch):
    """On Windows' and most of macOS' drives one result would replace the other."""
    monkeypatch.setattr(outputs.names, "folds_case", lambda folder: folder == str(tmp_path / "out"))
    for name in ("A.npy", "a.npy"):
        np.save(tmp_path / name, np.eye(8))
    jobs = outputs.plan([str(tmp_path / "A.npy"), str(tmp_path / "a.npy")], str(tmp_path / "out"), 5, ".tif")
    assert jobs[0].to_do and "to be that of " in str(jobs[1].refusal) and "A.npy" in str(jobs[1].refusal)
    jobs = outputs.plan([str(tmp_path / "A.npy"), str(tmp_path / "a.npy")], str(tmp_path / "other"), 5, ".tif")
    assert all(job.to_do for job in jobs)


def test_names_that_no_file_can_have_are_refused_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setattr(outputs.names, "refusal", lambda path: "con.tif, which is a device of Windows")
    with pytest.raises(InputError, match=r"con.tif: expected a name that a file can have, found con.tif, which"):
        outputs.check_output("scan.dm4", str(tmp_path / "con.tif"), True)


def test_a_drive_that_is_missing_is_a_sentence(monkeypatch):
    monkeypatch.setattr(os, "path", ntpath)
    with pytest.raises(InputError, match=r"Z:\\x5.tif: expected a folder that can be written, found Z:\\ which"):
        outputs.check_output("scan.dm4", "Z:\\x5.tif", True)


def test_a_windows_path(monkeypatch):
    monkeypatch.setattr(os, "path", ntpath)
    assert outputs.output_path("C:\\scans\\a.b.dm4", None, 5, ".tif") == "C:\\scans\\a.b-x5.tif"
    assert outputs.output_path("scans/a.ome.tif", "\\\\server\\share", 5, ".tif") == "\\\\server\\share\\a-x5.tif"
    assert outputs.beside_path("C:x\\a-x5.ome.tif", "uncertainty") == "C:x\\a-x5-uncertainty.ome.tif"
