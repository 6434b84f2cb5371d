import os

import numpy as np
import pytest

from dlss_tf import micrograph
from dlss_tf.config import Config
from dlss_tf.errors import InputError
from dlss_tf.inference.options import Options
from dlss_tf.inference.supersampler import Supersampled
from dlss_tf.interfaces import files, outputs


def test_a_downsampled_image_has_larger_pixels_and_a_history(image, tmp_path):
    source, target = str(tmp_path / "image.tif"), str(tmp_path / "new" / "scan.tif")
    micrograph.write(source, image)
    returned = files.downsample_file(source, target, 4)
    written = micrograph.read(target)
    np.testing.assert_array_equal(written.data, image.data[::4, ::4])
    assert written.pixel_size == pytest.approx((1, 1)) and written.title == image.title
    assert written.history == returned.history == (*image.history, returned.history[-1])
    assert returned.history[-1].startswith("every 4th sample of a row and of a column kept by dlss_tf")


def test_every_file_is_written_or_none(image, tmp_path):
    with pytest.raises(InputError, match="expected a suffix"):
        files._write_all({str(tmp_path / "a.npy"): image, str(tmp_path / "b.dm4"): image})
    assert os.listdir(tmp_path) == []


def test_a_downsampled_image_keeps_its_type_and_its_place(tmp_path, rng):
    source, target = str(tmp_path / "image.hspy"), str(tmp_path / "scan.hspy")
    data = rng.integers(0, 255, (22, 24)).astype("i4")
    micrograph.write(source, micrograph.Micrograph(data, (0.5, 0.25), "nm", origin=(-4, 6)))
    files.downsample_file(source, target, 4)
    scan = micrograph.read(target)
    assert scan.data.dtype == np.int32 and scan.pixel_size == (2, 1)
    np.testing.assert_array_equal(scan.data, data[1::4, ::4])
    assert scan.origin == pytest.approx(((-4 + 1) / 4, 6 / 4))


def test_what_comes_meanwhile_is_not_written_over(image, tmp_path):
    source, target = str(tmp_path / "image.npy"), str(tmp_path / "scan.npy")
    micrograph.write(source, image)
    (tmp_path / "scan.npy").write_text("another's")
    with pytest.raises(InputError, match=r"scan\.npy: expected no file, found one that came meanwhile"):
        files.downsample_file(source, target, 4, overwrite=False)
    assert (tmp_path / "scan.npy").read_text() == "another's"


class Enlarger:
    """In place of a Supersampler: samples repeated, in steps of a fifth."""

    name = "enlarger"
    config = Config()

    def run(self, scan, factor, options, report, about, with_share):
        large = np.kron(np.asarray(scan, np.float32), np.ones((factor, factor), np.float32)) + np.float32(0.2)
        return Supersampled(large, large / 10 if options.ensemble else None)


@pytest.mark.parametrize(("suffix", "dtype"), [(".tif", "u1"), (".tif", "i2"), (".tif", "i4"), (".hspy", "u4")])
def test_a_result_of_the_scans_own_type(suffix, dtype, tmp_path):
    limits = np.iinfo(dtype)
    scan = np.array([[max(limits.min, -(2**24)), 3], [min(limits.max, 2**24), 5]], dtype)
    np.save(tmp_path / "scan.npy", scan)
    target = str(tmp_path / f"image{suffix}")
    image = files.supersample_file(
        Enlarger(), str(tmp_path / "scan.npy"), target, 2, Options(ensemble=True), quiet=True, dtype="same"
    )
    found = micrograph.read(target)
    assert found.data.dtype == image.data.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(found.data, scan.repeat(2, 0).repeat(2, 1))
    assert found.history[-1].endswith(f"; rounded to {np.dtype(dtype).name}")
    assert micrograph.read(outputs.beside_path(target, "uncertainty")).data.dtype == np.float32


def test_what_is_guessed_is_said_and_lies_beside(tmp_path):
    class Guesser(Enlarger):
        def run(self, scan, factor, options, report, about, with_share):
            image = super().run(scan, factor, options, report, about, with_share).image
            marks = np.where(image > 3, 0.2, 0.01).astype(np.float32)
            return Supersampled(image, image / 10, marks, 0.5 if with_share else None)

    np.save(tmp_path / "scan.npy", np.array([[1, 2], [3, 4]], "f4"))
    how = {"quiet": True, "options": Options(uncertainty=True)}
    with pytest.warns(UserWarning, match=r"scan\.npy: 50% of the image holds detail finer than its scan can tell"):
        made = files.supersample_file(Guesser(), str(tmp_path / "scan.npy"), str(tmp_path / "image.npy"), 2, **how)
    assert made.describe() == "4x4 px, pixel size unknown; factor 2 not trained for; 50% guessed"
    np.testing.assert_array_equal(np.load(tmp_path / "image-guessed.npy")[::2, ::2] > 0.05, [[0, 0], [1, 1]])
    np.testing.assert_allclose(np.load(tmp_path / "image-uncertainty.npy") * 10, np.load(tmp_path / "image.npy"))


def test_clipped_values_are_counted(tmp_path):
    np.save(tmp_path / "scan.npy", np.array([[255, 3], [4, 5]], "u1"))
    sampler = Enlarger()
    run = sampler.run
    sampler.run = lambda *given, **how: Supersampled(run(*given, **how).image + 1)
    with pytest.warns(UserWarning, match=r"scan\.npy: 4 of 16 values lay beyond uint8's 0 to 255 and were clipped"):
        files.supersample_file(
            sampler, str(tmp_path / "scan.npy"), str(tmp_path / "image.npy"), 2, quiet=True, dtype="same"
        )
    assert np.load(tmp_path / "image.npy")[0, 0] == 255


@pytest.mark.parametrize(("dtype", "kept"), [("f8", "f8"), ("f2", "f2"), ("?", "f4")])
def test_a_scan_that_is_not_of_whole_numbers(dtype, kept, tmp_path):
    np.save(tmp_path / "scan.npy", np.eye(4).astype(dtype))
    files.supersample_file(
        Enlarger(), str(tmp_path / "scan.npy"), str(tmp_path / "image.npy"), 2, quiet=True, dtype="same"
    )
    assert np.load(tmp_path / "image.npy").dtype == np.dtype(kept)
