import numpy as np
import pytest

from dlss_tf import Supersampler, micrograph
from dlss_tf.errors import InputError
from dlss_tf.formats import notes
from dlss_tf.interfaces.hyperspy_signal import supersample_signal

hs = pytest.importorskip("hyperspy.api")


@pytest.fixture(scope="module")
def supersampler():
    return Supersampler()


@pytest.fixture
def signal(rng):
    """Two by three scans of 16x20, calibrated as a microscope does."""
    signal = hs.signals.Signal2D(rng.random((2, 3, 16, 20)) * 1000)
    for axis, name, scale, offset, units in zip(
        signal.axes_manager._axes,
        ("tilt", "time", "y", "x"),
        (2.0, 0.5, 0.2, 0.4),
        (-10.0, 0.0, 3.0, -5.0),
        ("°", "s", "nm", "nm"),
    ):
        axis.name, axis.scale, axis.offset, axis.units = name, scale, offset, units
    signal.metadata.General.title = "gold"
    signal.metadata.set_item("Acquisition_instrument.TEM.beam_energy", 300.0)
    signal.original_metadata.set_item("vendor.dwell", 4e-6)
    return signal


def calibration(axis):
    return axis.name, axis.size, axis.scale, axis.offset, axis.units, axis.navigate


def test_axes_stay_calibrated(signal, supersampler):
    before = signal.deepcopy()
    new = supersample_signal(signal, 4, supersampler)
    assert type(new) is type(signal) and new.data.dtype == np.float32
    assert [calibration(axis) for axis in new.axes_manager._axes] == [
        ("tilt", 2, 2.0, -10.0, "°", True),
        ("time", 3, 0.5, 0.0, "s", True),
        ("y", 64, 0.05, 3.0, "nm", False),
        ("x", 80, 0.1, -5.0, "nm", False),
    ]
    # a batch may sum in another order than one image does
    np.testing.assert_allclose(new.data[1, 2], supersampler(signal.data[1, 2], 4), rtol=1e-5)
    np.testing.assert_array_equal(signal.data, before.data)
    assert signal.metadata.as_dictionary() == before.metadata.as_dictionary()
    # what is where it was
    assert new.isig[-5.0 + 0.4 * 7, 3.0 + 0.2 * 9].data[0, 0] == new.data[0, 0, 36, 28]


def test_metadata_says_what_was_done(signal, supersampler):
    new = supersample_signal(signal, 4, supersampler, keep_known=True)
    assert new.metadata.General.title == "gold (supersampled 4x)"
    assert new.metadata.Acquisition_instrument.TEM.beam_energy == 300.0
    assert new.original_metadata.vendor.dwell == 4e-6
    done = new.metadata.Processing.dlss_tf.as_dictionary()
    assert done["generator"]["name"] == "unified-scan" and len(done["generator"]["sha256"]) == 64
    assert (done["command"], done["factor"], done["tile"]) == ("supersample_signal", 4, 1024)
    assert done["options"]["keep_known"] is True and done["options"]["refine"] is False
    before, told = notes.split(new.metadata.General.notes.splitlines())
    assert told == done and before[0].startswith("supersampled 4x with dlss_tf ")


def test_goes_to_a_file_and_back(signal, supersampler, tmp_path):
    pytest.importorskip("h5py")
    new = supersample_signal(signal, 4, supersampler)
    new.save(tmp_path / "new.hspy")
    done = new.metadata.Processing.dlss_tf.as_dictionary()
    assert micrograph.provenances(str(tmp_path / "new.hspy")) == [(1, done)]
    loaded = hs.load(tmp_path / "new.hspy")
    assert [calibration(axis) for axis in loaded.axes_manager._axes] == [
        calibration(axis) for axis in new.axes_manager._axes
    ]
    np.testing.assert_array_equal(loaded.data, new.data)
    assert loaded.metadata.Processing.dlss_tf.factor == 4


def test_ensemble_gives_a_signal_of_the_spread(signal, supersampler):
    scan = signal.inav[0, 0]
    image, spread = supersample_signal(scan, 4, supersampler, ensemble=True, keep_known=True)
    np.testing.assert_array_equal(image.data[::4, ::4], scan.data.astype(np.float32))
    assert (spread.data[::4, ::4] == 0).all() and (spread.data[1::4] > 0).all()
    assert spread.metadata.General.title == "gold (supersampled 4x, spread)"
    assert calibration(spread.axes_manager["x"]) == calibration(image.axes_manager["x"])


def test_a_signal_in_memory_is_refined(signal, supersampler):
    signal = signal.inav[0, 0]
    refined = supersample_signal(signal, 4, supersampler, refine=True)
    np.testing.assert_array_equal(refined.data, supersampler(signal.data, 4, refine=True))
    assert refined.metadata.Processing.dlss_tf.options.refine
    with pytest.raises(
        InputError, match="^refine: expected False for a Dask array, found True; that is had of arrays in memory alone"
    ):
        supersample_signal(signal.as_lazy(), 4, supersampler, refine=True)


@pytest.mark.parametrize("ensemble", [False, True])
def test_a_lazy_signal_stays_lazy(signal, supersampler, ensemble):
    signal = signal.inav[:2, :1]
    eager = supersample_signal(signal, 4, supersampler, ensemble=ensemble)
    lazy = supersample_signal(signal.as_lazy(), 4, supersampler, ensemble=ensemble)
    for new, expected in zip(lazy, eager) if ensemble else [(lazy, eager)]:
        assert type(new).__name__ == "LazySignal2D"
        assert calibration(new.axes_manager["y"]) == calibration(expected.axes_manager["y"])
        new.compute(show_progressbar=False)
        np.testing.assert_allclose(new.data, expected.data, atol=0.05)  # of 1000


def test_a_signal_of_a_class_of_its_own_stays_in_it(signal, supersampler):
    class Signal2D(hs.signals.Signal2D):
        pass

    assert type(supersample_signal(Signal2D(signal.data[0, 0]), 4, supersampler)) is Signal2D


def test_loses_the_scans_own_variance(signal, supersampler):
    scan = signal.inav[0, 0]
    scan.set_noise_variance(hs.signals.Signal2D(scan.data))
    assert not supersample_signal(scan, 4, supersampler).metadata.has_item("Signal.Noise_properties.variance")


@pytest.mark.parametrize("units", ["1/nm", "1 / Å", "nm^-1", "nm$^{-1}$", "Å⁻¹", "A-1", "mrad", "rad", "deg"])
def test_refuses_diffraction_patterns(signal, units):
    signal.axes_manager["x"].units = units
    with pytest.raises(InputError, match="signal: expected images of a specimen, found diffraction patterns in"):
        supersample_signal(signal, 4)


@pytest.mark.parametrize("units", ["nm", "Å", "A", "um", "µm", "pm", "px", "", None])
def test_takes_units_of_length(signal, supersampler, units):
    if units is not None:
        signal.axes_manager["x"].units = units
    supersample_signal(signal.inav[0, 0], 4, supersampler)


def test_refuses_what_is_no_signal_of_images(signal):
    cases = [
        (np.zeros((8, 8)), "expected a HyperSpy signal, found ndarray"),
        (hs.signals.Signal1D(np.zeros((8, 8))), "expected signal dimension 2, found 1"),
        (signal.transpose(signal_axes=3), "expected signal dimension 2, found 3"),
        (hs.signals.ComplexSignal2D(np.zeros((8, 8), complex)), "expected real numbers, found complex128"),
    ]
    uneven = hs.signals.Signal2D(np.zeros((8, 8)))
    uneven.axes_manager[1].convert_to_non_uniform_axis()
    cases.append((uneven, "expected axes of even steps, found DataAxis"))
    for given, sentence in cases:
        with pytest.raises(InputError, match=f"signal: {sentence}"):
            supersample_signal(given, 4)


def test_refuses_other_factors(signal):
    with pytest.raises(InputError, match="whole number from 2 to 16"):
        supersample_signal(signal, 2.5)


def test_a_signal_that_was_made_itself_says_so(signal, supersampler):
    scan = supersample_signal(signal.inav[0, 0], 2, supersampler)
    scan.metadata.set_item("General.original_filename", "gold.dm4")
    new = supersample_signal(scan, 2, supersampler).metadata
    assert new.Processing.dlss_tf.source.file == "gold.dm4"
    assert new.Processing.dlss_tf.source.provenance.as_dictionary() == scan.metadata.Processing.dlss_tf.as_dictionary()
    before, _ = notes.split(new.General.notes.splitlines())
    assert [line.split(" with")[0] for line in before] == ["supersampled 2x", "supersampled 2x"]
