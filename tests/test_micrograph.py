import contextlib
import os
import signal
import struct
import time

import numpy as np
import pytest
from golden import SHARED

from dlss_tf import micrograph
from dlss_tf.errors import InputError
from dlss_tf.micrograph import Micrograph

FORMATS = SHARED / "data" / "formats"
EXACT = (".tif", ".ome.tif", ".hspy", ".zspy", ".mrc", ".npy")
CALIBRATED = (".tif", ".ome.tif", ".hspy", ".zspy", ".mrc")
DESCRIBED = (".tif", ".ome.tif", ".hspy", ".zspy")


@pytest.fixture
def image(rng):
    data = rng.normal(1000, 30, (20, 24)).astype(np.float32)
    return Micrograph(data, (0.25, 0.25), "nm", "gold on carbon", ("scanned", "supersampled by 5"))


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


@pytest.mark.parametrize("units", ["nm", "µm", "Å", "pm"])
@pytest.mark.parametrize("suffix", CALIBRATED)
def test_pixel_size_is_what_hyperspy_reads(image, suffix, units, tmp_path):
    hyperspy = pytest.importorskip("hyperspy.api")
    path = str(tmp_path / f"image{suffix}")
    micrograph.write(path, Micrograph(image.data, (0.25, 0.25), units))
    signal = hyperspy.load(path)
    np.testing.assert_array_equal(signal.data, image.data)
    metres = {"nm": 1e-9, "µm": 1e-6, "Å": 1e-10, "pm": 1e-12}
    for axis in signal.axes_manager.signal_axes:
        assert axis.scale * metres[axis.units] == pytest.approx(0.25 * metres[units])


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


def test_imagej_opens_the_tiff(image, tmp_path):
    import tifffile

    micrograph.write(str(tmp_path / "image.tif"), image)
    with tifffile.TiffFile(tmp_path / "image.tif") as file:
        assert file.is_imagej and file.imagej_metadata["unit"] == "nm"
        assert file.imagej_metadata["min"] < 950 < 1050 < file.imagej_metadata["max"]
        np.testing.assert_array_equal(file.asarray(), image.data)


def test_png_is_grey_with_a_scale_bar(rng, tmp_path):
    from PIL import Image

    data = rng.normal(size=(200, 300)).astype(np.float32)
    micrograph.write(str(tmp_path / "a.png"), Micrograph(data))
    micrograph.write(str(tmp_path / "b.png"), Micrograph(data, (0.1, 0.1), "nm"))
    plain, barred = (np.asarray(Image.open(tmp_path / name)) for name in ("a.png", "b.png"))
    assert plain.dtype == np.uint8 and plain.shape == (200, 300)
    assert np.corrcoef(plain.ravel(), data.ravel())[0, 1] > 0.99
    np.testing.assert_array_equal(plain[:120], barred[:120])
    assert (barred[191:194, 7 : 7 + 50] == 255).all()  # 5 nm


@pytest.mark.parametrize(("suffix", "most"), [(".png", 2), (".mrc", 3), (".tif", 4), (".ome.tif", 4)])
def test_formats_of_fewer_axes_refuse_more(tmp_path, suffix, most):
    micrograph.write(str(tmp_path / f"a{suffix}"), Micrograph(np.zeros([2] * (most - 2) + [9, 9], np.float32)))
    with pytest.raises(InputError, match=rf"b\{suffix}: expected at most {most} axes .*, found {most + 1}; try \.hspy"):
        micrograph.write(str(tmp_path / f"b{suffix}"), Micrograph(np.zeros([2] * (most - 1) + [9, 9], np.float32)))
    assert os.listdir(tmp_path) == [f"a{suffix}"]


@pytest.mark.parametrize("mode", ["L", "I;16", "RGB", "RGBA"])
def test_png_of_8_and_16_bits(mode, tmp_path, rng):
    from PIL import Image

    grey = rng.integers(0, 65535 if mode == "I;16" else 255, (8, 9)).astype("u2" if mode == "I;16" else "u1")
    picture = np.stack([grey] * len(mode), -1) if mode.startswith("RGB") else grey
    Image.fromarray(picture).save(tmp_path / "image.png")
    np.testing.assert_array_equal(micrograph.read(str(tmp_path / "image.png")).data, grey)


def test_colour_is_refused(tmp_path, rng):
    import tifffile
    from PIL import Image

    colours = rng.integers(0, 255, (8, 9, 3)).astype(np.uint8)
    Image.fromarray(colours).save(tmp_path / "image.png")
    tifffile.imwrite(tmp_path / "image.tif", colours, photometric="rgb")
    for name in ("image.png", "image.tif"):
        with pytest.raises(InputError, match=f"{name}: expected a grey image, found a colour one"):
            micrograph.read(str(tmp_path / name))


def test_resolution_tags_of_a_microscope_and_of_a_printer(tmp_path):
    import tifffile

    data = np.zeros((8, 9), np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", data, resolution=(2e7, 1e7), resolutionunit="CENTIMETER")
    assert micrograph.read(str(tmp_path / "a.tif")).pixel_size == pytest.approx((1.0, 0.5))
    assert micrograph.read(str(tmp_path / "a.tif")).units == "nm"
    tifffile.imwrite(tmp_path / "b.tif", data, resolution=(300, 300), resolutionunit="INCH")
    assert micrograph.read(str(tmp_path / "b.tif")).pixel_size is None


def write_hspy(path, data, units=("nm", "nm"), navigate=0, kind="", names=None):
    """A file of HyperSpy's own, of any kind of data."""
    hspy = pytest.importorskip("rsciio.hspy")
    axes = [
        {"_type": "UniformDataAxis", "name": f"axis{i}", "units": units[i - navigate] if i >= navigate else "s",
         "navigate": i < navigate, "is_binned": False, "size": size, "scale": 0.5, "offset": 0.0}
        for i, size in enumerate(data.shape)
    ]  # fmt: skip
    signal = {"data": data, "axes": axes, "metadata": {"General": {"title": ""}, "Signal": {"signal_type": kind}},
              "original_metadata": {}, "attributes": {"_lazy": False, "ragged": False}, "learning_results": {},
              "models": {}, "tmp_parameters": {}, "package_info": {"package": "", "package_version": ""}}  # fmt: skip
    hspy.file_writer(str(path), signal, show_progressbar=False)


@pytest.mark.parametrize(
    ("data", "options", "found"),
    [
        (np.zeros((6, 7, 20)), {"navigate": 2, "units": ("eV",)}, "a spectrum image 6x7x20"),
        (np.zeros((6, 7, 20)), {"navigate": 2, "units": ("eV",), "kind": "EELS"}, r"a spectrum image 6x7x20 \(EELS\)"),
        (np.zeros(20), {"units": ("eV",)}, "a spectrum 20"),
        (np.zeros((8, 9)), {"units": ("1/nm", "1/nm")}, "diffraction patterns 8x9"),
        (np.zeros((2, 3, 8, 9)), {"navigate": 2}, "4-D data 2x3x8x9"),
        (np.zeros((8, 9), complex), {}, "a complex image 8x9"),
    ],
)
def test_what_is_no_image_is_refused_by_name(tmp_path, data, options, found):
    write_hspy(tmp_path / "data.hspy", data, **options)
    with pytest.raises(InputError, match=rf"data\.hspy: expected an image, found {found}$"):
        micrograph.read(str(tmp_path / "data.hspy"))


def test_the_largest_image_of_several_is_taken(tmp_path, rng):
    h5py = pytest.importorskip("h5py")
    write_hspy(tmp_path / "a.hspy", rng.random((8, 9)))
    write_hspy(tmp_path / "b.hspy", rng.random((18, 19)))
    write_hspy(tmp_path / "c.hspy", rng.random((6, 7, 500)), navigate=2, units=("eV",))
    with h5py.File(tmp_path / "a.hspy", "a") as file:
        for i, name in enumerate("bc"):
            with h5py.File(tmp_path / f"{name}.hspy") as other:
                group = next(iter(other["Experiments"].values()))
                other.copy(group, file["Experiments"], name=f"other{i}")
    assert micrograph.read(str(tmp_path / "a.hspy")).data.shape == (18, 19)


def truncated(path, share=0.5):
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])


def lying_npy(path):
    with open(path, "wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": (50_000, 50_000)}
        np.lib.format.write_array_header_1_0(file, header)
        file.write(b"\0" * 100)


def lying_hspy(path):
    h5py = pytest.importorskip("h5py")
    write_hspy(path, np.zeros((8, 9)))
    with h5py.File(path, "a") as file:
        group = next(iter(file["Experiments"].values()))
        del group["data"]
        group.create_dataset("data", (50_000, 50_000), "f4", chunks=(64, 64))  # 10 GB, none of it written


def make_contiguous(path, shape=None):
    """The array of a .hspy in one piece, as other programs write it, or one of that shape that was never written."""
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "a") as file:
        group = next(iter(file["Experiments"].values()))
        data = group["data"][:]
        del group["data"]
        if shape is None:
            group["data"] = data
        else:
            group.create_dataset("data", shape, "f4")


def test_hdf5_in_one_piece(image, tmp_path):
    micrograph.write(str(tmp_path / "image.hspy"), image)
    make_contiguous(tmp_path / "image.hspy")
    np.testing.assert_array_equal(micrograph.read(str(tmp_path / "image.hspy")).data, image.data)


def lying_hdf5_in_one_piece(path):
    write_hspy(path, np.zeros((8, 9)))
    make_contiguous(path, (50_000, 50_000))


def lying_tiff(path):
    import tifffile

    tifffile.imwrite(path, np.zeros((8, 9), np.float32))
    content = bytearray(path.read_bytes())
    offset = struct.unpack_from("<I", content, 4)[0]
    for i in range(struct.unpack_from("<H", content, offset)[0]):
        entry = offset + 2 + 12 * i
        if struct.unpack_from("<H", content, entry)[0] in (256, 257):  # width and height
            struct.pack_into("<HIi", content, entry + 2, 4, 1, 50_000)
    path.write_bytes(content)


@pytest.mark.parametrize("suffix", [*EXACT, ".png", ".dm4", ".ser", ".emd"])
@pytest.mark.parametrize("kind", ["missing", "empty", "folder", "truncated", "other", "forbidden"])
def test_bad_files_are_one_sentence(image, suffix, kind, tmp_path):
    path = tmp_path / f"bad{suffix}"
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "folder":
        path.mkdir()
    elif kind == "other":
        path.write_bytes(b"%PDF-1.4 " * 300)
    elif kind == "truncated":
        if suffix not in micrograph.WRITABLE or suffix == ".zspy":
            pytest.skip("there is no such file to cut")
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


@pytest.mark.parametrize(
    ("suffix", "make"),
    [(".npy", lying_npy), (".hspy", lying_hspy), (".hspy", lying_hdf5_in_one_piece), (".tif", lying_tiff)],
)
def test_headers_that_promise_10_gb_are_not_believed(tmp_path, suffix, make):
    make(tmp_path / f"lie{suffix}")
    with pytest.raises(InputError, match=rf"lie\{suffix}: expected .*, found"):
        micrograph.read(str(tmp_path / f"lie{suffix}"))


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="there is no alarm on this system")
def test_a_reader_that_does_not_end_is_stopped(tmp_path, image, monkeypatch):
    def endless(path):
        while True:
            with contextlib.suppress(Exception):  # as third-party readers do
                time.sleep(0.01)

    path = str(tmp_path / "image.npy")
    np.save(path, image.data)
    before = signal.getsignal(signal.SIGALRM)
    with monkeypatch.context() as patch:
        patch.setattr(micrograph, "LONGEST_READ", 0.1)
        patch.setitem(micrograph.READERS, ".npy", endless)
        with pytest.raises(InputError, match=r"image\.npy: expected a \.npy image, found a damaged file \(reading it"):
            micrograph.read(path)
    np.testing.assert_array_equal(micrograph.read(path).data, image.data)
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0) and signal.getsignal(signal.SIGALRM) == before


@pytest.mark.parametrize(
    "array", [np.zeros(5), np.zeros((0, 4)), np.zeros((4, 4), complex), np.array([["a"]]), np.zeros((2, 2), "O")]
)
def test_arrays_that_are_no_image(tmp_path, array):
    np.save(tmp_path / "array.npy", array)
    with pytest.raises(InputError, match=r"array\.npy: expected "):
        micrograph.read(str(tmp_path / "array.npy"))


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


def test_without_rosettasciio_a_sentence_says_what_to_install(tmp_path, monkeypatch):
    import sys

    (tmp_path / "scan.dm4").write_bytes(b"x")
    monkeypatch.setitem(sys.modules, "rsciio", None)
    with pytest.raises(InputError, match=r"reading \.dm4 needs RosettaSciIO; pip install 'dlss_tf\[files\]'"):
        micrograph.read(str(tmp_path / "scan.dm4"))


def test_description():
    assert Micrograph(np.zeros((4, 5)), (0.25, 0.25), "nm").describe() == "4x5 px of 0.25 nm"
    assert Micrograph(np.zeros((4, 5)), (0.25, 0.5), "Å").describe() == "4x5 px of 0.25 x 0.5 Å"
    assert Micrograph(np.zeros((2, 4, 5)), (1, 1)).describe() == "2x4x5 px of 1 (no units)"
    assert Micrograph(np.zeros((4, 5))).describe() == "4x5 px, pixel size unknown"


@pytest.mark.parametrize(
    ("name", "shape", "size", "units"),
    [
        ("16_STOimage_1.ser", (1024, 1024), 0.0100127, "nm"),
        ("Acquisition_18.emd", (1024, 1024), 0.0122465, "nm"),
        ("BTO_crystal_1.dm4", (413, 469), 0.0296599, "nm"),
        ("DMReader_Image_SI-Survey.dm3", (512, 512), 1.0, "px"),
        ("JEOL_HAADF_Image.dm4", (112, 112), 0.00124901, "µm"),
        ("img.dm3", (256, 256), 0.1312003, "nm"),
        ("stem_abf_data.hspy", (512, 512), 0.00932627, "px"),
        ("test_STEM_image.dm3", (68, 68), 0.248538, "nm"),
    ],
)
def test_real_files(name, shape, size, units):
    pytest.importorskip("rsciio")
    if not (FORMATS / name).exists():
        pytest.skip(f"{name} is not part of this repository")
    found = micrograph.read(str(FORMATS / name))
    assert found.data.shape == shape and found.units == units
    assert found.pixel_size == pytest.approx((size, size), rel=1e-4)


def test_a_full_disk_is_told_before_hdf5_begins(image, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    pytest.importorskip("rsciio")
    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(InputError, match=r"image\.hspy: expected a place .*, found: No space left on device"):
        micrograph.write(str(tmp_path / "image.hspy"), image)
    assert os.listdir(tmp_path) == []
