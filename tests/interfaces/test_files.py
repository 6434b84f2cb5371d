import os

import numpy as np
import pytest
import tifffile

from dlss_tf import micrograph
from dlss_tf.config import Config
from dlss_tf.errors import InputError
from dlss_tf.formats import digests
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
    assert written.provenance == returned.provenance
    assert (returned.provenance["command"], returned.provenance["factor"]) == ("downsample", 4)
    assert returned.provenance["source"] == {"file": source, "sha256": digests.of_file(source)}


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
    made_by = {"version": "0", "generator": {"name": "enlarger", "sha256": "0"}}

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
    files.supersample_file(Guesser(), str(tmp_path / "scan.npy"), str(tmp_path / "image.tif"), 2, **how)
    with tifffile.TiffFile(tmp_path / "image-guessed.tif") as file:
        assert (file.imagej_metadata["min"], file.imagej_metadata["max"]) == (0, 1)
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


def test_what_is_made_says_of_what_by_what_and_how(tmp_path):
    import tifffile

    source, target = str(tmp_path / "scans.ome.tif"), str(tmp_path / "image.tif")
    with tifffile.TiffWriter(source, ome=True) as file:
        for name, shape in (("BF", (4, 4)), ("HAADF", (4, 5))):
            file.write(np.zeros(shape, np.uint8), metadata={"Name": name})
    made = files.supersample_file(Enlarger(), source, target, 2, Options(ensemble=True), image="BF", quiet=True)
    found = micrograph.read(target).provenance
    assert found == made.provenance and found["generator"] == Enlarger.made_by["generator"] and found["version"] == "0"
    assert found["source"] == {"file": source, "sha256": digests.of_file(source), "image": 1}
    assert (found["command"], found["factor"], found["dtype"], found["result"]) == (
        "supersample",
        2,
        "float32",
        "image",
    )
    assert found["options"]["ensemble"] is True and found["options"]["refine"] is False
    assert micrograph.read(outputs.beside_path(target, "uncertainty")).provenance == {**found, "result": "uncertainty"}


def test_of_a_scan_that_was_made_itself_both_are_told(tmp_path):
    np.save(tmp_path / "full.npy", np.arange(64.0).reshape(8, 8))
    paths = [str(tmp_path / name) for name in ("full.npy", "scan.tif", "image.tif")]
    scan = files.downsample_file(*paths[:2], 2)
    files.supersample_file(Enlarger(), *paths[1:], 2, quiet=True)
    source = micrograph.read(paths[2]).provenance["source"]
    assert source["file"] == paths[1] and source["provenance"] == scan.provenance


@pytest.fixture
def previewed(tmp_path):
    """A scan supersampled with a preview, as often as it is called."""
    pytest.importorskip("PIL")
    np.save(tmp_path / "scan.npy", np.arange(16, dtype="f4").reshape(4, 4))
    source, target = str(tmp_path / "scan.npy"), str(tmp_path / "image.npy")
    return lambda **how: files.supersample_file(Enlarger(), source, target, 2, quiet=True, preview=True, **how)


def test_a_preview_appears_with_the_result_or_neither(previewed, tmp_path):
    (tmp_path / "image-preview.png").write_text("another's")
    with pytest.raises(InputError, match=r"image-preview\.png: expected no file, found one that came meanwhile"):
        previewed(overwrite=False)
    assert sorted(os.listdir(tmp_path)) == ["image-preview.png", "scan.npy"]
    previewed()
    assert (tmp_path / "image-preview.png").read_bytes().startswith(b"\x89PNG") and (tmp_path / "image.npy").exists()


def test_the_preview_of_the_same_scan_is_replaced_even_if_none_can_be_drawn(previewed, tmp_path, monkeypatch):
    picture = tmp_path / "image-preview.png"
    previewed()
    before = os.stat(picture).st_ino
    os.remove(tmp_path / "image.npy")
    previewed(overwrite=False)
    assert os.stat(picture).st_ino != before
    os.remove(tmp_path / "image.npy")
    monkeypatch.setattr(files.previews, "picture", lambda *_: 1 / 0)
    with pytest.warns(UserWarning, match="cannot be drawn"):
        previewed(overwrite=False)
    assert sorted(os.listdir(tmp_path)) == ["image.npy", "scan.npy"]


@pytest.mark.parametrize("error", [MemoryError(), ImportError("no Pillow"), ValueError("odd"), OSError(5, "damaged")])
def test_a_preview_that_cannot_be_drawn_costs_no_result(previewed, tmp_path, monkeypatch, error):
    def fail(*_):
        raise error

    (tmp_path / "image-preview.png").write_text("of an earlier result")
    monkeypatch.setattr(files.previews, "picture", fail)
    with pytest.warns(UserWarning, match=r"scan\.npy: expected a preview of the result, found that it cannot be drawn"):
        previewed()
    assert sorted(os.listdir(tmp_path)) == ["image.npy", "scan.npy"]
    with pytest.warns(UserWarning, match="cannot be drawn"):
        os.remove(tmp_path / "image.npy")
        previewed(overwrite=False)
    assert sorted(os.listdir(tmp_path)) == ["image.npy", "scan.npy"]
