import contextlib
import dataclasses
import math
import os
import re
import warnings

import numpy as np
import pytest
import tifffile

from dlss_tf import micrograph
from dlss_tf.errors import InputError
from dlss_tf.micrograph import Micrograph

EXACT = (".tif", ".ome.tif", ".hspy", ".zspy", ".mrc", ".npy")
CALIBRATED = (".tif", ".ome.tif", ".hspy", ".zspy", ".mrc")
METRES = {"m": 1, "cm": 1e-2, "mm": 1e-3, "µm": 1e-6, "nm": 1e-9, "Å": 1e-10, "pm": 1e-12, "fm": 1e-15, "in": 0.0254}
DESCRIBED = (".tif", ".ome.tif", ".hspy", ".zspy")
BAD = (*EXACT, ".png", ".dm4", ".ser", ".emd")


def frames(image, count):
    return Micrograph(np.stack([image.data] * count), image.pixel_size, image.units, image.title, image.history)


@pytest.mark.parametrize("suffix", EXACT)
@pytest.mark.parametrize("count", [None, 3])
def test_what_is_written_is_read_back(image, suffix, count, tmp_path):
    image = image if count is None else frames(image, count)
    path = str(tmp_path / f"image{suffix}")
    micrograph.write(path, image)
    found = micrograph.read(path)
    np.testing.assert_array_equal(found.data, image.data)
    assert found.data.dtype == np.float32
    if suffix in CALIBRATED:
        assert found.pixel_size == pytest.approx((0.25, 0.25)) and found.units == "nm"
    if suffix in DESCRIBED:
        assert (found.title, found.history) == (image.title, image.history)
    assert os.listdir(tmp_path) == [f"image{suffix}"]


@pytest.mark.parametrize("suffix", [*DESCRIBED, ".mrc", ".png"])
def test_where_it_came_from_is_read_back(image, suffix, tmp_path):
    """Names of files are of any characters."""
    made = {
        "factor": 5,
        "options": {"refine": False, "deblur": "wiener"},
        "source": {"file": 'É "b"\\\n\x1b[2J\u2028\udcfe.dm4', "low": -0.5, "provenance": {"command": "downsample"}},
    }
    path = str(tmp_path / f"image{suffix}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        micrograph.write(path, dataclasses.replace(image, provenance=made))
    found = micrograph.read(path)
    assert found.provenance == made and micrograph.provenances(path) == [(1, made)]
    assert (found.title, found.history) == (image.title, image.history)
    micrograph.write(path, found.rescaled(image.data, 1, "turned"))
    assert micrograph.read(path).provenance == {} and micrograph.provenances(path) == []


@pytest.mark.parametrize("told", [{"a": [1, 2]}, {"a": None}, {"a": "x" * 10_000}])
def test_where_it_came_from_is_left_out_with_a_word_if_it_is_no_plain_data(image, told, tmp_path):
    path = str(tmp_path / "image.tif")
    with pytest.warns(UserWarning, match="where it came from is no plain data of a few pages; that was left out"):
        micrograph.write(path, dataclasses.replace(image, provenance=told))
    assert micrograph.read(path).history == image.history


@pytest.mark.parametrize(
    ("units", "spelling"), [*zip(METRES, METRES), ("µm", "Micrometers"), ("µm", "\u03bcm"), ("Å", "A")]
)
@pytest.mark.parametrize("suffix", CALIBRATED)
def test_pixel_size_is_what_hyperspy_reads(image, suffix, units, spelling, tmp_path):
    hyperspy = pytest.importorskip("hyperspy.api")
    path = str(tmp_path / f"image{suffix}")
    size = np.array([3e-10, 2e-10]) / METRES[units]
    micrograph.write(path, Micrograph(image.data, tuple(size), spelling))
    signal, found = hyperspy.load(path), micrograph.read(path)
    np.testing.assert_array_equal(signal.data, image.data)
    for axis, side in zip(signal.axes_manager.signal_axes, (2e-10, 3e-10)):
        assert axis.scale * METRES[axis.units] == pytest.approx(side, rel=1e-6)
    assert np.array(found.pixel_size) * METRES[found.units] == pytest.approx([3e-10, 2e-10], rel=1e-6)


@pytest.mark.parametrize("suffix", [*EXACT, ".png"])
def test_complex_values_are_not_written(suffix, tmp_path):
    with pytest.raises(InputError, match=rf"a\{suffix}: expected a real image, found values of type complex64"):
        micrograph.write(str(tmp_path / f"a{suffix}"), Micrograph(np.eye(4, dtype=np.complex64)))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("suffix", [".tif", ".ome.tif", ".hspy"])
def test_a_size_without_units_stays_one(image, suffix, tmp_path):
    path = str(tmp_path / f"image{suffix}")
    micrograph.write(path, Micrograph(image.data, (0.2, 0.2)))
    found = micrograph.read(path)
    assert found.pixel_size == pytest.approx((0.2, 0.2)) and found.units == "px"
    micrograph.write(path, Micrograph(image.data))
    assert suffix == ".hspy" or micrograph.read(path).pixel_size is None


@pytest.mark.parametrize(
    ("suffix", "dtype"), [(".tif", "u2"), (".ome.tif", "i4"), (".mrc", "i2"), (".hspy", "f8"), (".npy", "u4")]
)
def test_types_that_a_format_holds_stay(suffix, dtype, tmp_path, rng):
    path = str(tmp_path / f"image{suffix}")
    data = rng.integers(0, 30_000, (9, 7)).astype(dtype)
    micrograph.write(path, Micrograph(data))
    found = micrograph.read(path).data
    assert found.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(found, data)


def test_oblong_pixels(image, tmp_path):
    for suffix in CALIBRATED:
        path = str(tmp_path / f"image{suffix}")
        micrograph.write(path, Micrograph(image.data, (0.5, 0.25), "nm"))
        assert micrograph.read(path).pixel_size == pytest.approx((0.5, 0.25)), suffix


@pytest.mark.parametrize(("suffix", "most"), [(".png", 2), (".mrc", 3), (".tif", 4), (".ome.tif", 4)])
def test_formats_of_fewer_axes_refuse_more(tmp_path, suffix, most):
    micrograph.write(str(tmp_path / f"a{suffix}"), Micrograph(np.zeros([2] * (most - 2) + [9, 9], np.float32)))
    with pytest.raises(InputError, match=rf"b\{suffix}: expected at most {most} axes .*, found {most + 1}; try \.hspy"):
        micrograph.write(str(tmp_path / f"b{suffix}"), Micrograph(np.zeros([2] * (most - 1) + [9, 9], np.float32)))
    assert os.listdir(tmp_path) == [f"a{suffix}"]


def truncated(path, share=0.5):
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [
        *((kind, suffix) for kind in ("missing", "empty", "folder", "other", "forbidden") for suffix in BAD),
        *(("truncated", suffix) for suffix in (*EXACT, ".png") if suffix != ".zspy"),  # files that we can cut
    ],
)
def test_bad_files_are_one_sentence(image, suffix, kind, tmp_path):
    path = tmp_path / f"bad{suffix}"
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "folder":
        path.mkdir()
    elif kind == "other":
        path.write_bytes(b"%PDF-1.4 " * 300)
    elif kind == "truncated":
        micrograph.write(str(path), frames(image, 9) if suffix not in (".png",) else image)
        truncated(path)
    elif kind == "forbidden":
        if os.geteuid() == 0:
            pytest.skip("root may read everything")
        path.write_bytes(b"x")
        path.chmod(0)
    with pytest.raises(InputError) as raised:
        micrograph.read(str(path))
    assert str(raised.value).startswith(f"{path}: expected ") and "\n" not in str(raised.value)


def test_a_folder_and_a_name_that_is_mistyped(tmp_path):
    (tmp_path / "scans" / "later").mkdir(parents=True)
    for path, found in (
        (tmp_path / "scans", f"a folder without one, but with folders such as {tmp_path}/scans/later"),
        (tmp_path / "scans" / "later", "a folder without one"),
        (tmp_path / "scnas", f"nothing; did you mean {tmp_path}/scans?"),
        (tmp_path / "image.tif", "nothing"),
    ):
        with pytest.raises(InputError, match=f"^{path}: expected an image file, found {re.escape(found)}$"):
            micrograph.read(str(path))
    for name in ("b.dm4", "a.dm4", "notes.txt"):
        (tmp_path / "scans" / name).touch()
    with pytest.raises(InputError, match=f"found a folder of 2, such as {tmp_path}/scans/a.dm4$"):
        micrograph.check_there(str(tmp_path / "scans"))
    with pytest.raises(InputError, match=f"found nothing; did you mean {tmp_path}/scans/b.dm4" + r"\?$"):
        micrograph.check_there(str(tmp_path / "scans" / "b.dm3"))


def test_unknown_suffixes(tmp_path, image):
    (tmp_path / "scan.jpeg").write_bytes(b"x")
    with pytest.raises(InputError, match=r"scan\.jpeg: expected an image file, found an unknown suffix; known are"):
        micrograph.read(str(tmp_path / "scan.jpeg"))
    with pytest.raises(InputError, match=r"scan\.dm4: expected a suffix out of .*, found \.dm4"):
        micrograph.write(str(tmp_path / "scan.dm4"), image)


@pytest.mark.parametrize("suffix", [*EXACT, ".png"])
def test_what_cannot_be_written_leaves_nothing(tmp_path, image, suffix, monkeypatch):
    with pytest.raises(InputError, match="expected a place that can be written, found: No such file or directory"):
        micrograph.write(str(tmp_path / "none" / f"image{suffix}"), image)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(InputError, match=rf"image\{suffix}: expected a place .*, found: No space left on device"):
        micrograph.write(str(tmp_path / f"image{suffix}"), image)
    assert os.listdir(tmp_path) == []


@pytest.fixture
def several(tmp_path):
    """A file of three images, of which two are equally large."""
    tifffile = pytest.importorskip("tifffile")
    with tifffile.TiffWriter(tmp_path / "several.ome.tif", ome=True) as file:
        for name, side in (("BF", 20), ("a, map", 24), ("HAADF", 24)):
            file.write(np.full((side, side), side, np.float32), metadata={"Name": name})
    return str(tmp_path / "several.ome.tif")


def test_of_several_images_one_is_chosen(several):
    with pytest.warns(UserWarning, match=r"several\.ome\.tif: found 3 images, took image 3 \(HAADF\), 24x24 px"):
        micrograph.read(several)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # who chooses is told nothing
        for image in (1, "1", "BF", "bf"):
            assert micrograph.read(several, image).data.shape == (20, 20)
        assert [found.data.shape[0] for found in micrograph.read(several, "all")] == [20, 24, 24]
    with pytest.raises(
        InputError, match=r"several\.ome\.tif: expected an image called DF4, found 1 \(BF\), 2 \(a, map\)"
    ):
        micrograph.read(several, "DF4")


def test_all_images_of_a_file_with_one_or_none(tmp_path, image):
    path = str(tmp_path / "image.tif")
    micrograph.write(path, image)
    assert len(micrograph.read(path, "all")) == 1 and micrograph.choices(path, "all") == [(None, "")]
    (tmp_path / "image.npy").write_bytes(b"none")
    with pytest.raises(InputError, match=r"image\.npy: expected"):
        micrograph.read(str(tmp_path / "image.npy"), "all")


def test_what_results_of_several_images_are_called(several):
    assert micrograph.choices(several, "all") == [(1, "1-BF-"), (2, "2-a-map-"), (3, "3-HAADF-")]
    assert micrograph.choices(several, None) == [(None, "")] and micrograph.choices(several, "BF") == [("BF", "")]


def test_contents(several):
    assert micrograph.contents(several) == [
        "  1  BF      20x20 px, pixel size unknown, float32",
        "  2  a, map  24x24 px, pixel size unknown, float32",
        "  3* HAADF   24x24 px, pixel size unknown, float32",
    ]


def test_all_are_written_or_none(tmp_path, image, monkeypatch):
    def broken(path, _):
        raise RuntimeError("no more")

    old = tmp_path / "a.npy"
    old.write_text("old")
    both = {str(old): image, str(tmp_path / "b.png"): image}
    with monkeypatch.context() as patch:
        patch.setitem(micrograph.WRITERS, ".png", broken)
        with pytest.raises(InputError, match=r"b\.png: expected what \.png can hold, found .*RuntimeError: no more"):
            micrograph.write_all(both)
    assert old.read_text() == "old" and os.listdir(tmp_path) == ["a.npy"]
    with pytest.raises(InputError, match=r"a\.npy: expected no file, found one that came meanwhile"):
        micrograph.write_all(both, overwrite=False)
    assert old.read_text() == "old" and os.listdir(tmp_path) == ["a.npy"]
    micrograph.write_all(both)
    assert sorted(os.listdir(tmp_path)) == ["a.npy", "b.png"] and np.load(old).shape == image.data.shape


def test_a_remark_on_the_image_that_is_taken_comes_once(tmp_path):
    tifffile = pytest.importorskip("tifffile")
    path = str(tmp_path / "two.ome.tif")
    with tifffile.TiffWriter(path, ome=True) as file:
        for name, side, size in (("BF", 20, -7.0), ("HAADF", 24, -5.0)):
            file.write(np.eye(side, dtype="f4"), metadata={"Name": name, "PhysicalSizeX": size, "PhysicalSizeY": size})

    def remarks(work):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            work()
        assert all(each.filename == __file__ for each in caught)
        return [str(each.message).removeprefix(f"{path}: ") for each in caught]

    bf, haadf = (
        f"expected positive numbers as the pixel size, found {size} µm x {size} µm; it is taken as unknown"
        for size in ("-7.0", "-5.0")
    )
    taken = "found 2 images, took image 2 (HAADF), 24x24 px, pixel size unknown, float32; --image 1|2 chooses"
    assert remarks(lambda: micrograph.read(path)) == [haadf, taken]
    assert remarks(lambda: micrograph.read(path, "BF")) == [bf]
    assert remarks(lambda: micrograph.read(path, "all")) == remarks(lambda: micrograph.contents(path)) == [bf, haadf]
    assert remarks(lambda: micrograph.choices(path, "all")) == []


@pytest.mark.parametrize("suffix", EXACT)
def test_frame_by_frame_it_is_what_is_read(image, suffix, tmp_path, read_here):
    path = str(tmp_path / f"image{suffix}")
    micrograph.write(path, frames(image, 3))
    whole = micrograph.read(path)
    (about, *_), numbers, values = zip(*micrograph.frames(path))
    assert about == (None, (3, 20, 24), whole.data.dtype, whole.pixel_size, whole.units) and numbers == (0, 1, 2)
    np.testing.assert_array_equal(np.stack(values), whole.data)
    ((_, number, last),) = micrograph.frames(path, frame=2)
    assert number == 2 and (last == whole.data[2]).all()


def test_frames_of_several_images_of_a_file(tmp_path, read_here):
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as file:
        for count in (2, 1):
            file.write(np.ones((count, 20, 24), "u1"), photometric="minisblack", metadata={"axes": "ZYX"})
    path = str(tmp_path / "a.ome.tif")
    found = [(about.number, about.shape, number) for about, number, _ in micrograph.frames(path, "all")]
    assert found == [(1, (2, 20, 24), 0), (1, (2, 20, 24), 1), (2, (20, 24), 0)]
    with pytest.warns(UserWarning, match="found 2 images, took image 1"):
        assert [number for _, number, _ in micrograph.frames(path)] == [0, 1]


def make_sparse(path, shape):
    """A stack of uint16 without content, which takes no room on the disk."""
    if path.suffix == ".tif":
        tifffile.memmap(path, shape=shape, dtype="u2", bigtiff=True, photometric="minisblack").flush()
        return
    with open(path, "wb") as file:
        if path.suffix == ".npy":
            np.lib.format.write_array_header_1_0(file, {"descr": "<u2", "fortran_order": False, "shape": shape})
        else:
            file.write(np.array([*shape[::-1], 6], "<i4").tobytes().ljust(208, b"\0") + b"MAP DD".ljust(816, b"\0"))
        file.truncate(file.tell() + 2 * math.prod(shape))


@pytest.mark.skipif(os.name == "nt", reason="files without content take their room there")
@pytest.mark.parametrize("suffix", [".npy", ".mrc", ".tif"])
def test_a_stack_larger_than_memory(tmp_path, read_here, suffix):
    path, shape = tmp_path / f"a{suffix}", (2**13, 4096, 4096)  # 256 GiB
    make_sparse(path, shape)
    with contextlib.closing(micrograph.frames(str(path))) as found:
        for number, (about, at, values) in zip(range(20), found):
            assert about.shape == shape and at == number and not values.any()
    ((_, _, last),) = micrograph.frames(str(path), frame=shape[0] - 1)
    assert last.shape == shape[1:]
