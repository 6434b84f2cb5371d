import numpy as np
import pytest
from formats.hyperspy_files import make_contiguous, write_hspy
from golden import SHARED

from dlss_tf import micrograph
from dlss_tf.errors import InputError
from dlss_tf.formats import rosetta

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
    assert micrograph.read(str(tmp_path / "a.hspy")).data.shape == (18, 19)


def test_hdf5_in_one_piece(image, tmp_path):
    micrograph.write(str(tmp_path / "image.hspy"), image)
    make_contiguous(tmp_path / "image.hspy")
    np.testing.assert_array_equal(micrograph.read(str(tmp_path / "image.hspy")).data, image.data)


def test_without_rosettasciio_a_sentence_says_what_to_install(tmp_path, monkeypatch):
    import sys

    (tmp_path / "scan.dm4").write_bytes(b"x")
    monkeypatch.setitem(sys.modules, "rsciio", None)
    with pytest.raises(InputError, match=r"reading \.dm4 needs RosettaSciIO; pip install 'dlss_tf\[files\]'"):
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
    found, name = rosetta.pixel_size({"axes": described})
    assert found == (size and pytest.approx(size)) and name == unit
    assert len(recwarn) == (size is None)
