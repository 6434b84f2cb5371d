import gc

import numpy as np
import pytest
from formats.dm3_files import write_dm3
from formats.hyperspy_files import make_contiguous, write_hspy
from formats.velox_files import write_velox
from golden import SHARED

from dlss_tf import micrograph
from dlss_tf.errors import InputError
from dlss_tf.formats import rosetta
from dlss_tf.formats.image import Axis

FORMATS = SHARED / "data" / "formats"


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
    with pytest.warns(UserWarning, match="found 2 images, took image 2, 18x19 px"):
        assert micrograph.read(str(tmp_path / "a.hspy")).data.shape == (18, 19)
    assert micrograph.read(str(tmp_path / "a.hspy"), 1).data.shape == (8, 9)


def integers(*shape):
    return np.random.default_rng(len(shape)).integers(0, 9999, shape).astype("u2")


@pytest.mark.parametrize("shape", [(24, 32), (5, 24, 32)])
def test_velox(tmp_path, shape):
    pytest.importorskip("rsciio")
    image = integers(*shape)
    write_velox(tmp_path / "scan.emd", {"HAADF": image})
    found = micrograph.read(str(tmp_path / "scan.emd"))
    np.testing.assert_array_equal(found.data, image)
    assert found.title == "HAADF" and found.units == "nm" and found.pixel_size == pytest.approx((0.5, 0.5))


def test_several_detectors_of_velox(tmp_path):
    pytest.importorskip("rsciio")
    images = {name: integers(n, 32) for name, n in (("BF", 24), ("HAADF", 24), ("DF4", 20))}
    write_velox(tmp_path / "scan.emd", images)
    path = str(tmp_path / "scan.emd")
    with pytest.warns(UserWarning, match=r"scan\.emd: found 3 images, took image 2 \(HAADF\), 24x32 px of 0\.5 nm"):
        np.testing.assert_array_equal(micrograph.read(path).data, images["HAADF"])
    np.testing.assert_array_equal(micrograph.read(path, "BF").data, images["BF"])
    found = micrograph.read(path, "all")
    assert [each.title for each in found] == list(images)
    assert [each.data.shape for each in found] == [(24, 32), (24, 32), (20, 32)]


def test_eds_beside_an_image_of_velox(tmp_path, monkeypatch, read_here):
    pytest.importorskip("rsciio")
    import importlib.util

    write_velox(tmp_path / "scan.emd", {"HAADF": integers(24, 32)}, spectra=True)
    found = importlib.util.find_spec
    there = {"sparse": None}
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *args: there.get(name) or found(name, *args))
    monkeypatch.setitem(there, "sparse", "a spec")
    assert micrograph.read(str(tmp_path / "scan.emd")).data.shape == (24, 32)
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *args: name != "sparse" and found(name, *args) or None
    )
    with pytest.raises(InputError, match=r"reading this \.emd needs sparse; pip install .*'rosettasciio\["):
        micrograph.read(str(tmp_path / "scan.emd"))


def test_diffraction_patterns_of_velox(tmp_path):
    pytest.importorskip("rsciio")
    write_velox(tmp_path / "scan.emd", {"Ceta": integers(24, 32)}, unit="1/m", size="4e7")
    with pytest.raises(InputError, match="expected an image, found diffraction patterns 24x32"):
        micrograph.read(str(tmp_path / "scan.emd"))


@pytest.mark.parametrize("signal", ["", "CL", "EELS", "X-ray"])
def test_maps_of_digital_micrograph(tmp_path, signal):
    pytest.importorskip("rsciio")
    write_dm3(tmp_path / "map.dm3", [("a map", integers(24, 32), "nm", signal)])
    found = micrograph.read(str(tmp_path / "map.dm3"))
    np.testing.assert_array_equal(found.data, integers(24, 32))
    assert found.title == "a map" and found.pixel_size == (0.5, 0.5) and found.units == "nm"


def test_colours_of_digital_micrograph(tmp_path):
    pytest.importorskip("rsciio")
    colours = np.random.default_rng(0).integers(0, 255, (24, 32, 4)).astype("u1")
    write_dm3(tmp_path / "a.dm3", [("overlay", colours)])
    with pytest.raises(InputError, match=r"a\.dm3: expected a grey image, found a colour one$"):
        micrograph.read(str(tmp_path / "a.dm3"))
    write_dm3(tmp_path / "b.dm3", [("overlay", colours), ("grey", integers(6, 8))])
    with pytest.raises(InputError, match="found a colour image larger than the images beside it; --image 2 chooses"):
        micrograph.read(str(tmp_path / "b.dm3"))
    write_dm3(tmp_path / "c.dm3", [("", colours[:6, :8].copy()), ("HAADF", integers(24, 32))], thumbnail=0)
    assert micrograph.read(str(tmp_path / "c.dm3")).title == "HAADF"


def test_axes_without_a_scale_are_pixels(tmp_path):
    hyperspy = pytest.importorskip("hyperspy.api")
    image = np.arange(480.0).reshape(20, 24)
    hyperspy.signals.Signal2D(image).save(tmp_path / "plain.prz")
    found = micrograph.read(str(tmp_path / "plain.prz"))
    np.testing.assert_array_equal(found.data, image)
    assert found.pixel_size is None and found.units == "px"


def test_axes_in_another_order(tmp_path):
    hspy = pytest.importorskip("hyperspy.api")
    stack = integers(20, 24, 5)
    hspy.signals.Signal2D(stack.transpose(2, 0, 1)).save(tmp_path / "frames.hspy")
    signal = hspy.signals.BaseSignal(stack).transpose(navigation_axes=[0], signal_axes=[1, 2], optimize=False)
    signal.save(tmp_path / "signal.hspy")
    for name in ("frames", "signal"):
        found = micrograph.read(str(tmp_path / f"{name}.hspy"))
        np.testing.assert_array_equal(found.data, stack.transpose(2, 0, 1))


def test_axes_in_another_order_keep_what_is_known_of_them(tmp_path):
    hyperspy = pytest.importorskip("hyperspy.api")
    known = {"frames": (5, "s", 2.0, 7.0), "rows": (20, "nm", 0.5, 1.0), "columns": (24, "nm", 0.5, -2.0)}
    axes = [
        {"name": name, "size": size, "units": units, "scale": scale, "offset": offset, "navigate": name == "frames"}
        for name, (size, units, scale, offset) in known.items()
    ]
    signal = hyperspy.signals.BaseSignal(integers(20, 24, 5), axes=[*axes[1:], axes[0]])
    signal.save(tmp_path / "stack.hspy")
    found = micrograph.read(str(tmp_path / "stack.hspy"))
    assert found.data.shape == (5, 20, 24) and found.origin == (2, -4)
    assert found.frames == (Axis("frames", "s", 2.0, 7.0),)


def test_a_scan_that_is_all_navigation(tmp_path):
    hspy = pytest.importorskip("hyperspy.api")
    spectra = hspy.signals.Signal1D(np.random.default_rng(0).random((20, 24, 9)))
    spectra.sum(-1).save(tmp_path / "sum.hspy")
    assert micrograph.read(str(tmp_path / "sum.hspy")).data.shape == (20, 24)


def test_what_cannot_be_left_on_disk_is_read_whole(tmp_path):
    hspy = pytest.importorskip("hyperspy.api")
    places = np.empty(3, object)
    for i in range(3):
        places[i] = np.full((i + 1, 2), 3.0)
    signal = hspy.signals.Signal2D(np.random.default_rng(0).random((3, 16, 16)))
    signal.add_marker(hspy.plot.markers.Points(offsets=places, sizes=3), permanent=True, plot_marker=False)
    signal.save(tmp_path / "marked.zspy")
    np.testing.assert_array_equal(micrograph.read(str(tmp_path / "marked.zspy")).data, signal.data)


@pytest.mark.parametrize("name", ["mrcz", "pyUSID"])
def test_a_package_that_one_reader_needs_is_named(tmp_path, monkeypatch, read_here, name):
    pytest.importorskip("rsciio")
    h5py = pytest.importorskip("h5py")
    import sys

    monkeypatch.setitem(sys.modules, name, None)
    path = tmp_path / ("scan.mrcz" if name == "mrcz" else "scan.h5")
    path.write_bytes(b"\1" * 2000)
    expected = r"reading this \.mrcz needs mrcz; pip install .*mrcz$"
    if name == "pyUSID":
        with h5py.File(path, "w") as file:
            file["data"] = np.zeros((9, 9))
        expected = (
            "found a kind of file that is not supported .*; if it is USID's, it needs pyUSID; pip install .*pyUSID"
        )
    with pytest.raises(InputError, match=expected):
        micrograph.read(str(path))


def test_a_package_is_not_asked_for_where_it_would_not_help(tmp_path):
    pytest.importorskip("h5py")
    for name in ("scan.mrc", "scan.h5"):
        (tmp_path / name).write_bytes(b"\1\2" * 1000)
        with pytest.raises(InputError) as raised:
            micrograph.read(str(tmp_path / name))
        assert "pip install" not in str(raised.value)


def test_an_emi_without_its_images(tmp_path):
    pytest.importorskip("rsciio")
    (tmp_path / "scan.emi").write_bytes(b"\1" * 2000)
    with pytest.raises(InputError, match=r"scan\.emi: .* found a file without one \(its images are in \.ser files"):
        micrograph.read(str(tmp_path / "scan.emi"))


def test_hdf5_in_one_piece(image, tmp_path):
    micrograph.write(str(tmp_path / "image.hspy"), image)
    make_contiguous(tmp_path / "image.hspy")
    np.testing.assert_array_equal(micrograph.read(str(tmp_path / "image.hspy")).data, image.data)


def test_without_rosettasciio_a_sentence_says_what_to_install(tmp_path, monkeypatch, read_here):
    import sys

    (tmp_path / "scan.dm4").write_bytes(b"x")
    monkeypatch.setitem(sys.modules, "rsciio", None)
    with pytest.raises(InputError, match=r"reading \.dm4 needs RosettaSciIO; pip install .*'rosettasciio\["):
        micrograph.read(str(tmp_path / "scan.dm4"))


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


@pytest.mark.parametrize(
    ("scales", "axes", "size", "unit"),
    [
        ((5, 0.005), ("nm", "µm"), (0.005, 0.005), "µm"),
        ((0.5, 0.25), ("angstrom", "A"), (0.5, 0.25), "Å"),
        ((0.5, 0.5), ("nm", None), None, "px"),
        *[((0.5, scale), ("nm", "nm"), None, "px") for scale in (0, -0.5, np.nan, np.inf, 2e6, 1e-7)],
        ((0.5, 0.5), (None, None), (0.5, 0.5), "px"),
    ],
)
def test_every_axis_has_its_own_unit_and_a_size_that_may_be(scales, axes, size, unit, recwarn):
    described = [{"scale": scale, "units": name, "navigate": False} for scale, name in zip(scales, axes)]
    found, name = rosetta.pixel_size({"data": np.zeros((2, 2)), "axes": described, "metadata": {}})
    assert found == (size and pytest.approx(size)) and name == unit
    assert len(recwarn) == (size is None)


def test_what_was_left_on_disk_is_closed_once_it_is_no_more_needed(tmp_path):
    pytest.importorskip("rsciio")
    h5py = pytest.importorskip("h5py")
    write_hspy(tmp_path / "a.hspy", integers(24, 32))
    write_velox(tmp_path / "a.emd", {"HAADF": integers(24, 32)})
    gc.collect()  # what other tests have left
    before = h5py.h5f.get_obj_count(types=h5py.h5f.OBJ_FILE | h5py.h5f.OBJ_DATASET)
    for name in ("a.hspy", "a.emd"):
        entries = rosetta.contents(str(tmp_path / name), name[1:])
        np.testing.assert_array_equal(entries[0].load().data, integers(24, 32))
    del entries
    gc.collect()
    assert h5py.h5f.get_obj_count(types=h5py.h5f.OBJ_FILE | h5py.h5f.OBJ_DATASET) == before


def test_frame_by_frame_stacks_have_the_values_of_the_whole(tmp_path, read_here, rng):
    """Velox' frames are last in its arrays; of an array in one piece RosettaSciIO leaves nothing in the file."""
    stack = rng.integers(0, 999, (5, 20, 24)).astype("u2")
    write_velox(tmp_path / "a.emd", {"HAADF": stack})
    for name, navigate in (("a.hspy", 1), ("b.hspy", 0), ("c.hspy", 1)):
        write_hspy(tmp_path / name, stack, ("nm", "nm", "nm"), navigate)
    make_contiguous(tmp_path / "c.hspy")
    for name, lies in (("a.emd", True), ("a.hspy", True), ("b.hspy", True), ("c.hspy", False)):
        path = str(tmp_path / name)
        (entry,) = rosetta.contents(path, name[1:])
        with entry.stack() as found:
            assert (found is not None) == lies, name
        np.testing.assert_array_equal([values for _, _, values in micrograph.frames(path)], stack)
