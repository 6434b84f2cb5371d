import dataclasses

import numpy as np
import pytest

from dlss_tf import micrograph
from dlss_tf.formats import hspy
from dlss_tf.formats.image import Axis
from dlss_tf.micrograph import Micrograph

rsciio = pytest.importorskip("rsciio")


@pytest.fixture
def scan():
    """What a microscope knows of a series of images."""
    return Micrograph(
        np.arange(24, dtype=np.float32).reshape(2, 3, 4),
        (0.2, 0.4),
        "nm",
        "gold",
        ("scanned",),
        origin=(15.0, -12.5),
        frames=(Axis("time", "s", 0.5, -10.0),),
        metadata={
            "Acquisition_instrument": {"TEM": {"beam_energy": 300.0, "Stage": {"tilt_alpha": 1.5}}},
            "General": {"date": "2026-11-23", "title": "another", "authors": "É. Dupont"},
            "Signal": {"quantity": "Intensity (counts)"},
        },
        original_metadata={"vendor": {"dwell": 4e-6, "names": ["a", "b"], "empty": [], "none": None}},
    )


@pytest.mark.parametrize("suffix", [".hspy", ".zspy"])
def test_what_is_known_of_the_acquisition_stays(scan, suffix, tmp_path):
    source, target = (str(tmp_path / f"{name}{suffix}") for name in ("scan", "image"))
    micrograph.write(source, scan)
    found = micrograph.read(source)
    micrograph.write(target, found.rescaled(np.zeros((2, 6, 8), np.float32), 0.5, "supersampled"))
    image = micrograph.read(target)
    assert image.pixel_size == pytest.approx((0.1, 0.2)) and image.origin == pytest.approx((30, -25))
    assert image.frames == scan.frames and image.history == ("scanned", "supersampled") and image.title == "gold"
    assert image.metadata["Acquisition_instrument"] == scan.metadata["Acquisition_instrument"]
    assert image.metadata["General"]["date"] == "2026-11-23" and image.metadata["General"]["authors"] == "É. Dupont"
    assert image.metadata["Signal"]["quantity"] == "Intensity (counts)"
    assert image.original_metadata == scan.original_metadata


def test_hyperspy_finds_it_where_it_was(scan, tmp_path):
    hyperspy = pytest.importorskip("hyperspy.api")
    micrograph.write(str(tmp_path / "scan.hspy"), scan)
    signal = hyperspy.load(tmp_path / "scan.hspy")
    time, columns, rows = (signal.axes_manager[name] for name in ("time", "x", "y"))
    assert (time.scale, time.offset, time.units, time.navigate) == (0.5, -10, "s", True)
    assert (rows.scale, rows.offset, columns.scale, columns.offset) == pytest.approx((0.2, 3, 0.4, -5))
    assert signal.metadata.General.title == "gold" and signal.metadata.General.date == "2026-11-23"
    assert signal.metadata.Acquisition_instrument.TEM.beam_energy == 300


def test_what_hyperspy_writes_is_kept(tmp_path, rng):
    hyperspy = pytest.importorskip("hyperspy.api")
    signal = hyperspy.signals.Signal2D(rng.random((3, 8, 9)))
    for axis, offset, units in zip(signal.axes_manager._axes, (2.0, 3.0, -5.0), ("s", "nm", "nm")):
        axis.offset, axis.scale, axis.units = offset, 0.5, units
    signal.metadata.set_item("Acquisition_instrument.TEM.camera_length", 40.0)
    signal.metadata.set_item("Signal.Noise_properties.variance", hyperspy.signals.Signal2D(np.ones((8, 9))))
    signal.save(tmp_path / "scan.hspy")
    found = micrograph.read(str(tmp_path / "scan.hspy"))
    assert found.origin == (6, -10) and found.frames == (Axis("", "s", 0.5, 2.0),)
    assert "Noise_properties" not in found.metadata["Signal"]
    micrograph.write(str(tmp_path / "image.hspy"), found)
    again = hyperspy.load(tmp_path / "image.hspy")
    assert again.metadata.Acquisition_instrument.TEM.camera_length == 40
    assert [axis.offset for axis in again.axes_manager._axes] == [2, 3, -5]


def test_a_vendors_metadata_is_mapped_as_hyperspy_does():
    dataset = {
        "metadata": {"General": {"title": "gold"}},
        "original_metadata": {"Tags": {"Microscope Info": {"Voltage": 300_000.0, "Mode": "none"}}},
        "mapping": {
            "Tags.Microscope Info.Voltage": ("Acquisition_instrument.TEM.beam_energy", lambda volts: volts / 1e3),
            "Tags.Microscope Info.Mode": ("Acquisition_instrument.TEM.mode", {"STEM": 1}.__getitem__),
            "Tags.Date.Day": ("General.date", None),
        },
    }
    axes = [{"scale": 0.5, "offset": -1.0}, {"scale": -0.5, "offset": 0.0}]
    fields = hspy.kept(axes, dataset)
    assert fields["metadata"] == {"General": {}, "Acquisition_instrument": {"TEM": {"beam_energy": 300.0}}}
    assert fields["origin"] == (-2, 0) and fields["frames"] == ()


def test_steps_that_are_not_even_are_not_made_even(tmp_path):
    hyperspy = pytest.importorskip("hyperspy.api")
    times = {"axis": [0.0, 1.0, 4.0], "units": "s", "name": "time", "navigate": True}
    sides = [{"size": size, "scale": 0.5, "units": "nm"} for size in (8, 9)]
    hyperspy.signals.Signal2D(np.zeros((3, 8, 9)), axes=[times, *sides]).save(tmp_path / "scan.hspy")
    assert micrograph.read(str(tmp_path / "scan.hspy")).frames == (Axis("time"),)


def test_metadata_that_cannot_be_written_is_left_out_with_a_word(scan, tmp_path):
    scan.metadata["Sample"] = {"": "a name that is none"}
    path = str(tmp_path / "scan.hspy")
    with pytest.warns(UserWarning, match=r"scan\.hspy: the metadata of the acquisition cannot be written and was left"):
        micrograph.write(path, scan)
    found = micrograph.read(path)
    np.testing.assert_array_equal(found.data, scan.data)
    assert found.title == "gold" and found.history == ("scanned",) and "Acquisition_instrument" not in found.metadata


@pytest.mark.filterwarnings("ignore:.*the title was shortened or changed to")
@pytest.mark.parametrize("suffix", [".hspy", ".zspy"])
@pytest.mark.parametrize("title", ["..", "./.", "a\\b", "a/b", "ä" * 300])
def test_titles_that_are_no_folders_names(title, suffix, tmp_path, image):
    path = str(tmp_path / f"image{suffix}")
    micrograph.write(path, Micrograph(image.data, title=title))
    np.testing.assert_array_equal(micrograph.read(path).data, image.data)


def test_hyperspy_shows_where_it_came_from(scan, tmp_path):
    hyperspy = pytest.importorskip("hyperspy.api")
    made = {"factor": 5, "options": {"refine": False}, "source": {"file": "scan.dm4"}}
    micrograph.write(str(tmp_path / "scan.hspy"), dataclasses.replace(scan, provenance=made))
    signal = hyperspy.load(tmp_path / "scan.hspy")
    assert signal.metadata.Processing.dlss_tf.as_dictionary() == made
    assert signal.metadata.General.notes.splitlines()[:2] == ["scanned", "dlss_tf.factor: 5"]
    signal.metadata.General.notes = "of my own"
    signal.save(tmp_path / "again.hspy")
    found = micrograph.read(str(tmp_path / "again.hspy"))
    assert found.provenance == made and found.history == ("of my own",) and "dlss_tf" not in str(found.metadata)


def test_where_it_came_from_stays_where_other_metadata_cannot(scan, tmp_path):
    scan.metadata["Sample"] = {"": "a name that is none"}
    path = str(tmp_path / "scan.hspy")
    with pytest.warns(UserWarning, match="cannot be written"):
        micrograph.write(path, dataclasses.replace(scan, provenance={"factor": 5}))
    assert micrograph.read(path).provenance == {"factor": 5}


def test_converters_find_what_is_deeper_in_a_vendors_metadata():
    """As DigitalMicrograph's look for the microscope's name."""

    def name(tags):
        return tags.get("Microscope Info.Name") or tags.get("Session Info.Microscope.none", "none")

    places = {"Tags": ("Acquisition_instrument.TEM.microscope", name)}
    for tags, found in (({"Microscope Info": {"Name": "ARM"}}, "ARM"), ({"Session Info": {"Microscope": 3}}, "none")):
        dataset = {"metadata": {}, "original_metadata": {"Tags": tags}, "mapping": places}
        metadata = hspy.kept([{"scale": 1.0}, {"scale": 1.0}], dataset)["metadata"]
        assert metadata["Acquisition_instrument"]["TEM"]["microscope"] == found
