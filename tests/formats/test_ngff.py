import json
import os

import numpy as np
import pytest

from dlss_tf.errors import InputError

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
zarr = pytest.importorskip("zarr")

from dlss_tf.formats import carried, digests, ome_zarr  # noqa: E402
from dlss_tf.formats.ngff import write_ome_zarr  # noqa: E402


def test_ome_zarr_is_read_back(rng, tmp_path, capsys):
    path = str(tmp_path / "stack.ome.zarr")
    images = da.from_array(rng.random((3, 750, 665)).astype(np.float32), chunks=(1, 240, 240))
    write_ome_zarr(path, images, pixel_size=(0.02, 0.04), units="nm", name="gold")
    assert os.listdir(tmp_path) == ["stack.ome.zarr"]
    assert path in capsys.readouterr().err

    with open(os.path.join(path, ".zattrs"), encoding="utf-8") as file:
        (multiscale,) = json.load(file)["multiscales"]
    assert (multiscale["version"], multiscale["name"]) == ("0.4", "gold")
    assert multiscale["axes"] == [
        {"name": "t", "type": "time"},
        {"name": "y", "type": "space", "unit": "nanometer"},
        {"name": "x", "type": "space", "unit": "nanometer"},
    ]
    first, second = multiscale["datasets"]
    assert first["coordinateTransformations"][0] == {"type": "scale", "scale": [1, 0.02, 0.04]}
    assert second["coordinateTransformations"] == [
        {"type": "scale", "scale": [1, 0.04, 0.08]},
        {"type": "translation", "translation": [0, 0.01, 0.02]},
    ]
    group = zarr.open_group(path, mode="r")
    assert group[first["path"]].chunks == (1, 240, 240)
    whole, half = (group[dataset["path"]][:] for dataset in (first, second))
    np.testing.assert_array_equal(whole, images.compute())
    assert half.shape == (3, 375, 333)
    means = whole[..., :664].reshape(3, 375, 2, 332, 2).mean((2, 4))
    np.testing.assert_allclose(half[..., :332], means, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(half[..., 332], whole[..., 664].reshape(3, 375, 2).mean(2), rtol=1e-4, atol=1e-4)


def test_ome_zarr_passes_its_own_reader(tmp_path, rng):
    reader = pytest.importorskip("ome_zarr.reader")
    from ome_zarr.io import parse_url

    images = rng.random((2, 3, 600, 700)).astype(np.float32)
    write_ome_zarr(tmp_path / "a.zarr", da.from_array(images, chunks=(1, 1, 200, 200)), 0.1, "Å", progress=False)
    (node,) = reader.Reader(parse_url(str(tmp_path / "a.zarr")))()
    assert [axis["name"] for axis in node.metadata["axes"]] == ["t", "c", "y", "x"]
    np.testing.assert_array_equal(node.data[0].compute(), images)


def test_interrupted_writing_leaves_nothing_that_looks_finished(tmp_path):
    path = tmp_path / "a.zarr"
    written = []

    def fail_at_the_third(chunk):
        written.append(chunk.shape)
        if len(written) > 2:
            raise KeyboardInterrupt
        return chunk

    images = da.ones((100, 100), chunks=50)
    with pytest.raises(KeyboardInterrupt), dask.config.set(scheduler="synchronous"):
        write_ome_zarr(path, images.map_blocks(fail_at_the_third, meta=images._meta))
    assert os.listdir(tmp_path) == []
    write_ome_zarr(path, images)
    assert os.listdir(tmp_path) == ["a.zarr"]
    assert (zarr.open_group(str(path), mode="r")["0"][:] == 1).all()


def test_writes_over_nothing(tmp_path):
    images = da.ones((10, 10))
    (tmp_path / "mine").mkdir()
    with pytest.raises(InputError, match="mine: expected a path where nothing is yet, found a folder"):
        write_ome_zarr(tmp_path / "mine", images)
    assert os.listdir(tmp_path) == ["mine"] and os.listdir(tmp_path / "mine") == []


def test_a_second_writer_is_refused_and_leaves_the_first_alone(tmp_path):
    path, refusals = tmp_path / "a.zarr", []

    def second(chunk):
        with pytest.raises(
            InputError, match=r"a\.zarr: expected nobody else to write it, found process \d+"
        ) as refusal:
            write_ome_zarr(path, da.zeros((100, 100), chunks=50))
        refusals.append(refusal)
        return chunk

    images = da.ones((100, 100), chunks=50)
    with dask.config.set(scheduler="synchronous"):
        write_ome_zarr(path, images.map_blocks(second, meta=images._meta))
    assert len(refusals) == 4 and os.listdir(tmp_path) == ["a.zarr"]
    assert (zarr.open_group(str(path), mode="r")["0"][:] == 1).all()


def test_what_comes_meanwhile_stays(tmp_path):
    path = tmp_path / "new" / "a.zarr"

    def make(chunk):
        path.mkdir()
        (path / "precious").touch()
        return chunk

    with pytest.raises(
        InputError, match=r"a\.zarr: expected a path where nothing is yet, found one that came meanwhile"
    ):
        images = da.ones((10, 10))
        write_ome_zarr(path, images.map_blocks(make, meta=images._meta))
    assert os.listdir(path.parent) == ["a.zarr"] and os.listdir(path) == ["precious"]


def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path):
    (tmp_path / ".0123456789abcdef.part.zarr").mkdir()
    write_ome_zarr(tmp_path / "a.zarr", da.ones((5, 5)))
    assert os.listdir(tmp_path) == ["a.zarr"]


def test_pixels_are_no_unit(tmp_path):
    write_ome_zarr(tmp_path / "a.zarr", da.ones((5, 5)), 0.1, "pixels")
    axes = zarr.open_group(str(tmp_path / "a.zarr"), mode="r").attrs["multiscales"][0]["axes"]
    assert not any("unit" in axis for axis in axes)


def test_refuses_other_images_and_units(tmp_path):
    with pytest.raises(InputError, match="images: expected a Dask array of real numbers and 2 to 5 axes"):
        write_ome_zarr(tmp_path / "a", da.ones(5))
    with pytest.raises(InputError, match="pixel_size: expected a positive number"):
        write_ome_zarr(tmp_path / "a", da.ones((5, 5)), pixel_size=0)
    with pytest.raises(InputError, match="units: expected one of picometer, .*, found 1/nm"):
        write_ome_zarr(tmp_path / "a", da.ones((5, 5)), 0.1, "1/nm")
    assert os.listdir(tmp_path) == []


def test_where_images_came_from_is_an_attribute(tmp_path):
    (tmp_path / "scans.npy").write_bytes(b"scans")
    images = carried.give(da.map_blocks(np.sin, da.ones((2, 8, 8))), {"factor": 4})
    path = str(tmp_path / "a.ome.zarr")
    write_ome_zarr(path, 2 * images[0], progress=False, source=tmp_path / "scans.npy")
    source = {"file": str(tmp_path / "scans.npy"), "sha256": digests.of_file(str(tmp_path / "scans.npy"))}
    assert ome_zarr.provenance(path) == {"factor": 4, "source": source}
    assert ome_zarr.contents(path) == ["  1  level 0  8x8 px, f8"]
    with pytest.raises(InputError, match="none: expected the scans' file, found: No such file"):
        write_ome_zarr(tmp_path / "b.zarr", images, source=tmp_path / "none")
    write_ome_zarr(tmp_path / "c.zarr", da.ones((8, 8)), progress=False)
    with open(tmp_path / "c.zarr" / ".zattrs", encoding="utf-8") as file:
        assert list(json.load(file)) == ["multiscales"]
