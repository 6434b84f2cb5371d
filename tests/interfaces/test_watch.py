import gc
import os
import re
import signal

import numpy as np
import pytest
import tifffile

from dlss_tf import Supersampler, micrograph
from dlss_tf.config import Config
from dlss_tf.errors import InputError
from dlss_tf.interfaces import watch
from dlss_tf.interfaces.results import made_of


def put(path, size=10, time_ns=None):
    def write():
        path.write_bytes(b"x" * size)
        if time_ns is not None:
            os.utime(path, ns=(time_ns, time_ns))

    return write


def test_watch_goes_on_after_bad_files(tmp_path, monkeypatch, capsys, rng):
    names = ["good.tif", "bad.tif", "again.tif"]
    for name in names:
        micrograph.write(str(tmp_path / name), micrograph.Micrograph(rng.random((9, 12)).astype(np.float32)))
    (tmp_path / "bad.tif").write_bytes(b"II*\0 not a TIFF")
    monkeypatch.setattr(watch, "arrivals", lambda folder, existing: [str(tmp_path / name) for name in names])
    watch.watch(Supersampler(), str(tmp_path), str(tmp_path / "out"), 5)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert "bad.tif" in lines[2] and "expected" in lines[2]
    assert re.search(r"good-x5.tif, 45x60 px, .* s; factor 5 trained for; \d+% guessed$", lines[1])
    assert sorted(os.listdir(tmp_path / "out")) == ["again-x5.tif", "good-x5.tif"]


def lines_of(folder, names, monkeypatch, capsys, out="out", **options):
    """What watch says of these files, without the time."""
    monkeypatch.setattr(watch, "arrivals", lambda folder, existing: [str(folder) + "/" + name for name in names])
    watch.watch(lambda scan, factor: scan, str(folder), str(folder / out), 4, **options)
    return [line.split(" ", 1)[1] for line in capsys.readouterr().out.splitlines()][1:]


@pytest.fixture
def copies(monkeypatch):
    """Supersampling is copying, which may fail."""

    def copy(supersampler, source, target, factor, options, *, image, quiet, dtype, overwrite, preview):
        image = micrograph.read(source, image)
        if "bad" in source:
            raise {"bad0": KeyError, "bad1": MemoryError, "bad2": RuntimeError}[micrograph.stem_of(source)]()
        os.makedirs(os.path.dirname(target), exist_ok=True)
        micrograph.write_all({target: image}, overwrite)
        return made_of(image, factor, Config(), 0.25)

    monkeypatch.setattr(watch, "supersample_file", copy)


@pytest.mark.usefixtures("copies")
def test_watch_lives_on_through_anything(tmp_path, monkeypatch, capsys):
    names = ["bad0.npy", "bad1.npy", "bad2.npy", "good.npy"]
    for name in names:
        np.save(tmp_path / name, np.eye(8))
    *bad, good = lines_of(tmp_path, names, monkeypatch, capsys)
    reasons = ["KeyError", "MemoryError", "RuntimeError"]
    assert bad == [f"{tmp_path}/bad{i}.npy: expected to be done, found {reason}" for i, reason in enumerate(reasons)]
    assert good.startswith("good.npy -> ")


@pytest.mark.usefixtures("copies")
def test_watch_replaces_its_own_results_alone(tmp_path, monkeypatch, capsys):
    """A scan that changes is done again; another of its name is not, nor where there is a file of somebody else's."""
    for name in ("a.npy", "b.npy"):
        np.save(tmp_path / name, np.eye(8))
    micrograph.write(str(tmp_path / "a.tif"), micrograph.Micrograph(np.eye(9, dtype="f4")))
    (tmp_path / "out").mkdir()
    foreign = tmp_path / "out" / "b-x4.tif"
    foreign.write_text("precious")
    names = ["a.npy", "a.npy", "a.tif", "b.npy"]
    first, again, other, lost = lines_of(tmp_path, names, monkeypatch, capsys)
    assert first.startswith("a.npy -> ") and again.startswith("a.npy -> ")
    target, scan = tmp_path / "out" / "a-x4.tif", tmp_path / "a.npy"
    assert other == f"{tmp_path}/a.tif: expected a result of its own name, found {target} to be that of {scan}"
    assert lost == f"{foreign}: expected no file, found one; give --overwrite or another --out"
    assert foreign.read_text() == "precious" and micrograph.read(str(target)).data.shape == (8, 8)
    (done,) = lines_of(tmp_path, ["b.npy"], monkeypatch, capsys, overwrite=True)
    assert done.startswith("b.npy -> ") and micrograph.read(str(foreign)).data.shape == (8, 8)


@pytest.mark.usefixtures("copies")
def test_own_results_are_no_scans_and_any_name_is_a_line(tmp_path, monkeypatch, capsys):
    """Also where results lie in the watched folder under another name of it."""
    name = os.fsdecode(b"\xfe.npy")
    np.save(tmp_path / "a.npy", np.eye(8))
    with open(os.fsencode(tmp_path) + b"/\xfe.npy", "wb") as file:
        np.save(file, np.eye(8))
    names = ["a.npy", "out/a-x4.tif", name, f"out/{name[:-4]}-x4.tif", "bad0.npy"]
    done, *named, bad = lines_of(tmp_path, names, monkeypatch, capsys)
    assert done.startswith("a.npy -> ") and "bad0.npy" in bad
    assert len(os.listdir(tmp_path / "out")) == 2 and named[0].startswith("\\udcfe")


def test_previews_are_replaced_with_their_results(tmp_path, monkeypatch, capsys):
    pytest.importorskip("PIL")
    micrograph.write(str(tmp_path / "a.tif"), micrograph.Micrograph(np.eye(9, dtype=np.float32)))
    names = [str(tmp_path / "a.tif")] * 2
    monkeypatch.setattr(watch, "arrivals", lambda folder, existing: names)
    watch.watch(Supersampler(), str(tmp_path), str(tmp_path / "out"), 5, preview=True)
    assert [" -> " in line for line in capsys.readouterr().out.splitlines()] == [False, True, True]
    assert sorted(os.listdir(tmp_path / "out")) == ["a-x5-preview.png", "a-x5.tif"]


@pytest.mark.parametrize("out", ["r.tif", "elsewhere/r.ome.tif", "a.tif"])
def test_results_go_to_a_folder(tmp_path, out):
    put(tmp_path / "a.tif")()
    with pytest.raises(InputError, match="expected a folder for results, found a file's name"):
        watch.watch(None, str(tmp_path), str(tmp_path / out), 5)


def test_a_suffix_that_cannot_be_written_is_told_at_once(tmp_path):
    with pytest.raises(InputError, match=r"^--format: expected one of .*, found dm4"):
        watch.watch(None, str(tmp_path), str(tmp_path / "out"), 5, suffix=".dm4")


@pytest.mark.parametrize(("folder", "out"), [("none", "out"), ("a.tif", "out"), (".", ".")])
def test_watch_refuses_other_folders(tmp_path, folder, out):
    put(tmp_path / "a.tif")()
    with pytest.raises(InputError, match="expected (a folder to watch|another folder)"):
        watch.watch(Supersampler(), str(tmp_path / folder), str(tmp_path / out), 5)


def test_a_mistyped_folder(tmp_path):
    (tmp_path / "scans").mkdir()
    with pytest.raises(InputError, match=f"scnas: expected a folder to watch, found nothing; .* {tmp_path}/scans"):
        watch.watch(Supersampler(), str(tmp_path / "scnas"), str(tmp_path / "out"), 5)


def test_all_images_of_a_file(tmp_path, monkeypatch, capsys, rng):
    with tifffile.TiffWriter(tmp_path / "two.ome.tif", ome=True) as file:
        for name, side in (("BF", 9), ("HAADF", 12)):
            file.write(rng.random((side, side), np.float32), metadata={"Name": name})
    (tmp_path / "bad.tif").write_bytes(b"II*\0 not a TIFF")
    names = [str(tmp_path / "bad.tif"), str(tmp_path / "two.ome.tif")]
    monkeypatch.setattr(watch, "arrivals", lambda folder, existing: names)
    watch.watch(Supersampler(), str(tmp_path), str(tmp_path / "out"), 5, image="all")
    lines = capsys.readouterr().out.splitlines()
    assert "bad.tif: expected" in lines[1] and "two-1-BF-x5.tif, 45x45 px" in lines[2] and len(lines) == 4
    assert sorted(os.listdir(tmp_path / "out")) == ["two-1-BF-x5.tif", "two-2-HAADF-x5.tif"]


def test_ctrl_c_while_garbage_is_collected_is_not_lost():
    """Python drops what a destructor raises."""

    class Interrupting:
        def __init__(self):
            self.me = self

        def __del__(self):
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.disable()  # or it may be collected at any other moment
    try:
        Interrupting()
        with pytest.raises(KeyboardInterrupt):
            watch._collect_garbage()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        gc.enable()
        signal.signal(signal.SIGINT, before)
