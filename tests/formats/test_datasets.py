import numpy as np
import pytest

from dlss_tf.formats import datasets
from dlss_tf.formats.contents import COLOUR, IMAGE


def dataset(shape, axes, kind="", dtype="u2", **metadata):
    """Axes are 'nm' for an axis of the signal in these units of 0.5 a step, '>nm' for one to navigate by."""
    described = [
        {"name": "", "units": unit.strip(">"), "navigate": unit.startswith(">"), "scale": 0.5, "size": n}
        for n, unit in zip(shape, axes)
    ]
    return {
        "data": np.zeros(shape, dtype),
        "axes": described,
        "metadata": {"Signal": {"signal_type": kind}, **metadata},
    }


@pytest.mark.parametrize(
    ("shape", "axes", "kind", "plane"),
    [
        ((6, 7), ("nm", "nm"), "", (0, 1)),
        ((6, 7), (">nm", ">nm"), "", (0, 1)),  # one value a probing location
        ((6, 7), (">nm", ">nm"), "EELS", (0, 1)),
        ((6, 7), ("nm", "nm"), "CL", (0, 1)),
        ((6, 7), ("µm", "µm"), "EDS_TEM", (0, 1)),
        ((6, 7), ("", ""), "CL_SEM", (0, 1)),
        ((6, 7), (">nm", "nm"), "CL", (0, 1)),  # a map that its reader takes for spectra
        ((3, 6, 7), (">s", "nm", "nm"), "", (1, 2)),
        ((3, 6, 7), (">s", ">nm", ">nm"), "", (1, 2)),
        ((3, 6, 7), ("", "nm", "nm"), "", (1, 2)),  # nothing tells frames from rows
        ((6, 7, 3), ("nm", "nm", ">s"), "", (0, 1)),
        ((1, 1, 6, 7), (">", ">", "nm", "nm"), "", (2, 3)),
    ],
)
def test_images(shape, axes, kind, plane):
    found = dataset(shape, axes, kind)
    assert datasets.kind(found) == IMAGE and datasets.plane(found) == plane


@pytest.mark.parametrize(
    ("shape", "axes", "kind", "found"),
    [
        ((6, 7), (">nm", "eV"), "EELS", r"a spectrum image 6x7 (EELS)"),
        ((6, 7), ("nm", "eV"), "", r"a spectrum image 6x7"),
        ((6, 7), ("µm", "nm"), "CL", r"a spectrum image 6x7 (CL)"),
        ((6, 7), (">nm", ">eV"), "", r"a spectrum image 6x7"),
        ((5, 6, 7), (">eV", "nm", "nm"), "", r"a spectrum image 5x6x7"),
        ((5, 6, 7), (">nm", "nm", "nm"), "EELS", r"a spectrum image 5x6x7 (EELS)"),
        ((6, 7, 20), ("", "", ""), "", "data 6x7x20"),
        ((9,), ("eV",), "", "a spectrum 9"),
        ((6, 7), ("mrad", "mrad"), "", "diffraction patterns 6x7"),
        ((6, 7), ("nm^-1", "nm^-1"), "", "diffraction patterns 6x7"),
        ((6, 7), ("", ""), "electron_diffraction", "diffraction patterns 6x7"),
        ((5, 6, 7), (">", "", ""), "diffraction", "diffraction patterns 5x6x7"),
        ((2, 3, 6, 7), (">", ">", "1/nm", "1/nm"), "", "diffraction patterns 2x3x6x7"),
        ((2, 3, 6, 7), (">", ">", "", ""), "", "4-D data 2x3x6x7"),
    ],
)
def test_what_is_no_image(shape, axes, kind, found):
    assert datasets.kind(dataset(shape, axes, kind)) == found


def test_types_that_are_no_intensities():
    colours = [("R", "u1"), ("G", "u1"), ("B", "u1")]
    assert datasets.kind(dataset((6, 7), ("nm", "nm"), dtype=colours)) == COLOUR
    assert datasets.kind(dataset((6, 7), ("nm", "nm"), dtype="c8")) == "a complex image 6x7"
    assert datasets.kind(dataset((6, 7), ("nm", "nm"), dtype="O")) == "data 6x7 of type object"


def test_names_tell_frames_from_rows():
    found = dataset((24, 20, 5), ("nm", "nm", "nm"))
    assert datasets.plane(found) == (1, 2)
    for axis, name in zip(found["axes"], "XYz"):
        axis["name"] = name
    assert datasets.kind(found) == IMAGE and datasets.plane(found) == (0, 1)
    found["axes"][2]["units"] = "eV"
    assert datasets.kind(found) == "data 24x20x5"


def test_axes_that_do_not_agree_with_the_array_are_no_image():
    found = dataset((6, 7), ("nm", "nm"))
    del found["axes"][0]
    assert datasets.plane(found) is None


def test_axes_are_taken_as_the_array_has_them():
    found = dataset((3, 6, 7), (">s", "nm", "nm"))
    for place, axis in enumerate(found["axes"]):
        axis["index_in_array"] = place
    found["axes"].reverse()
    assert datasets.plane(found) == (1, 2)


@pytest.mark.parametrize(
    ("axis", "step"),
    [({"scale": -0.5}, 0.5), ({"axis": [1.0, 1.5, 2.0]}, 0.5), ({"axis": [1.0, 1.5, 3.0]}, None), ({}, None),
     ({"scale": None}, None)],
)  # fmt: skip
def test_step(axis, step):
    found = datasets.step(axis)
    assert np.isnan(found) if step is None else found == step


def test_reciprocal_metres_of_tia():
    found = dataset((6, 7), ("nm", "nm"))
    assert datasets.kind(datasets.with_reciprocal_metres(found)) == IMAGE
    for axis in found["axes"]:
        axis["scale"] = 4.2e16
    assert datasets.kind(datasets.with_reciprocal_metres(found)) == "diffraction patterns 6x7"
    assert found["axes"][0]["scale"] == pytest.approx(4.2e7)


def test_names():
    assert datasets.name(dataset((6, 7), ("", ""))) == "" and datasets.detector(dataset((6, 7), ("", ""))) == ""
    found = dataset((6, 7), ("", ""), General={"title": "gold", "original_filename": "scan_1.ser"})
    assert datasets.name(found) == datasets.title(found) == "gold"
    found["metadata"]["General"]["title"] = ""
    assert datasets.name(found) == "scan_1" and datasets.title(found) == ""
    found["original_metadata"] = {"DetectorMetadata": {"DetectorName": "HAADF"}}
    assert datasets.detector(found) == "HAADF"
    found["original_metadata"] = {"ImageList": {"TagGroup0": {"ImageTags": {"DataBar": {"Signal Name": "ADF1"}}}}}
    assert datasets.detector(found) == "ADF1"
