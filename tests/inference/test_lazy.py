import functools
import os
import tracemalloc

import numpy as np
import pytest
import tensorflow as tf

from dlss_tf import Supersampler, _compat, weights
from dlss_tf.config import preset
from dlss_tf.errors import InputError
from dlss_tf.inference import deconvolution
from dlss_tf.inference.options import Options
from dlss_tf.models import generators
from dlss_tf.simulation.crop import simulate_crop

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
zarr = pytest.importorskip("zarr")

from dlss_tf.formats import carried  # noqa: E402
from dlss_tf.formats.ngff import write_ome_zarr  # noqa: E402
from dlss_tf.inference import lazy, tiles  # noqa: E402


@pytest.fixture(scope="module")
def stack():
    """Three scans of different ranges and defects, of several tiles of 512 px at factor 5: [3, 150, 133]."""
    scan = simulate_crop(np.random.default_rng(3), 160)[:150, :133]
    stack = np.stack([scan, 1e3 * scan[::-1] - 50, np.sqrt(scan)]).astype(np.float32)
    stack[1, 60:70, 50:60] = np.nan
    stack[2, 0, 0], stack[2, 70:, 128:] = np.inf, np.nan
    return stack


@pytest.fixture(scope="module")
def lazily(tiny_scan_grid_run, runtime):
    """What makes an array, of a tiny generator, on each runtime."""
    return {"weights_or_name": tiny_scan_grid_run, "tile": 512, "runtime": runtime}


@pytest.fixture(scope="module")
def eager(stack, lazily):
    return Supersampler(**lazily)(stack, 5)


@pytest.fixture
def copies(monkeypatch):
    """The nearest-infilled inputs as outputs, at no cost; the list of their shapes."""
    shapes = []

    def copy(job, image, first):
        shapes.append(image.shape)
        return image.copy()

    monkeypatch.setattr(lazy, "_through_the_generator", copy)
    return shapes


@pytest.mark.parametrize("chunks", [(1, 150, 133), (2, 40, 50)])
def test_is_the_eager_image(stack, eager, lazily, chunks):
    images = lazy.supersample_lazily(da.from_array(stack, chunks=chunks), 5, **lazily)
    assert images.shape == eager.shape and images.dtype == np.float32
    assert images.chunksize == (1, 240, 240)  # of whole samples, and even three times over
    for image, expected in zip(images.compute(), eager):
        np.testing.assert_allclose(image, expected, rtol=0, atol=1e-5 * np.ptp(expected))


def test_a_part_of_an_image_takes_the_tiles_under_it_alone(stack, copies):
    images = lazy.supersample_lazily(da.from_array(stack), 5, tile=512)
    images[0, :40, :50].compute()
    assert len(copies) == 1


def test_ensemble_is_the_eager_one(stack, lazily):
    """Turned images' tiles lie elsewhere; all is put back to the pixel."""
    scan = stack[2, :110, 60:]
    expected = Supersampler(**lazily).ensemble(scan, 5, keep_known=True)
    found = dask.compute(*lazy.ensemble_lazily(da.from_array(scan), 5, keep_known=True, **lazily))
    for image, reference in zip(found, expected, strict=True):
        np.testing.assert_allclose(image, reference, rtol=0, atol=1e-5 * np.ptp(expected[0]))


@pytest.mark.parametrize("keep_known", [False, True])
def test_deblurring_chunk_by_chunk_is_that_of_the_whole_image(stack, eager, lazily, keep_known):
    """Of images as the generator gives them; a chunk sees 32 px around it."""
    options = Options(deblur="wiener", keep_known=keep_known)
    images = lazy.supersample_lazily(da.from_array(stack, chunks=(1, 60, 50)), 5, options=options, **lazily)
    expected = deconvolution.deblur(eager, "wiener")
    if keep_known:
        expected[:, ::5, ::5] = np.where(np.isfinite(stack), stack, expected[:, ::5, ::5])
    assert images.shape == eager.shape and len(images.chunks[-1]) > 1
    for image, reference in zip(images.compute(), expected):
        np.testing.assert_allclose(image, reference, rtol=0, atol=1e-4 * np.ptp(reference))


@pytest.mark.parametrize(("name", "value"), [("refine", True), ("deblur", "adam"), ("uncertainty", True)])
def test_says_what_an_array_cannot_have(name, value):
    sentence = f"^{name}: expected .* for a Dask array, found {value}; that is had of arrays in memory alone"
    with pytest.raises(InputError, match=sentence):
        lazy.supersample_lazily(da.zeros((8, 8)), 4, **{name: value})


def test_known_pixels_are_put_back(stack, copies):
    known = lazy.supersample_lazily(da.from_array(stack), 5, tile=512, keep_known=True)[:, ::5, ::5].compute()
    finite = np.isfinite(stack)
    np.testing.assert_array_equal(known[finite], stack[finite])
    assert np.isfinite(known).all()


def test_takes_any_axes_before_an_images_own(rng, copies):
    scans = rng.random((2, 3, 8, 9))
    images = lazy.supersample_lazily(da.from_array(scans, chunks=(2, 1, 5, 9)), 4).compute()
    np.testing.assert_allclose(images[..., ::4, ::4], scans, rtol=1e-6)


def test_one_stage_is_the_eager_image(tmp_path, rng, runtime):
    """Its tiles begin on the lattice, not on multiples of 32 px."""
    config = preset("quick", "one-stage").replace(size=64, width=0.05)
    networks = generators.build(config)
    weights.save(str(tmp_path), _compat.arrays(networks.generator))
    config.save(os.path.join(tmp_path, "config.json"))
    scan = rng.random((110, 130)).astype(np.float32)
    expected = Supersampler(str(tmp_path), 512, runtime)(scan, 5)
    image = lazy.supersample_lazily(da.from_array(scan), 5, str(tmp_path), tile=512, runtime=runtime).compute()
    np.testing.assert_allclose(image, expected, rtol=0, atol=1e-4 * np.ptp(expected))


@pytest.mark.parametrize("keep_known", [False, True])
def test_memory_is_that_of_some_tiles(copies, keep_known):
    """Two images of 64 MiB, whose scans are of 4 MiB."""
    scans = da.random.default_rng(0).random((2, 1024, 1024), chunks=(1, 1024, 1024), dtype=np.float32)
    images = lazy.supersample_lazily(scans, 4, tile=512, keep_known=keep_known)
    tracemalloc.start()
    with dask.config.set(scheduler="threads", num_workers=2):
        total = images.sum(dtype=np.float64).compute()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert abs(total / images.size - 0.5) < 0.01
    assert peak < 40 * 2**20
    assert len(copies) == 2 * len(tiles.spans(4096, 512, 32)) ** 2  # each tile once


def test_a_tile_takes_its_context_alone(copies):
    scans = da.zeros((512, 512), chunks=64)
    graph = dict(lazy.supersample_lazily(scans, 4, tile=512).__dask_graph__())
    tasks = [task for key, task in graph.items() if key[0].startswith("tile-")]
    assert len(tasks) == len(tiles.spans(2048, 512, 32)) ** 2
    assert max(len(blocks) for _, blocks, *_ in tasks) <= 5**2  # of 64 samples a side; 128 + 2 * 32 are asked for


class Copier:
    """In the place of a Supersampler: counts how many are made, and gives the inputs back."""

    made = 0

    def __init__(self, *arguments):
        type(self).made += 1

    def complete(self, inputs, first, factor):
        return tf.constant(inputs)


@pytest.fixture
def copier(monkeypatch):
    monkeypatch.setattr(Copier, "made", 0)
    monkeypatch.setattr(lazy, "Supersampler", Copier)
    lazy._supersampler.cache_clear()
    yield Copier
    lazy._supersampler.cache_clear()


def test_a_generator_is_loaded_once_by_all_threads(stack, copier):
    with dask.config.set(scheduler="threads", num_workers=4):
        lazy.supersample_lazily(da.from_array(stack, chunks=(1, 150, 133)), 5, tile=512).compute()
    assert copier.made == 1


def test_weights_that_change_are_loaded_again(tmp_path, copier):
    config, arrays = weights.load()
    config.save(os.path.join(tmp_path, "config.json"))
    for made in (1, 2):
        weights.save(str(tmp_path), arrays)
        images = lazy.supersample_lazily(da.ones((8, 8)), 4, str(tmp_path))
        images.compute()
        images.compute()
        assert copier.made == made


def test_refuses_what_it_cannot_take():
    refuse = functools.partial(pytest.raises, InputError)
    scans = da.zeros((8, 8))
    with refuse(match="scans: expected a Dask array .*found ndarray"):
        lazy.supersample_lazily(np.zeros((8, 8)), 4)
    with refuse(match=r"found shape \[8\]"):
        lazy.supersample_lazily(da.zeros(8), 4)
    with refuse(match="real numbers, found complex64"):
        lazy.supersample_lazily(scans.astype("complex64"), 4)
    with refuse(match="tile: expected a multiple"):
        lazy.supersample_lazily(scans, 4, tile=500)
    with refuse(match="whole number from 2 to 16"):
        lazy.supersample_lazily(scans, 1)
    with refuse(match="nowhere: expected a run directory"):
        lazy.supersample_lazily(scans, 4, "nowhere")
    with pytest.warns(UserWarning, match="factor 12: this generator was trained for"):
        lazy.supersample_lazily(scans, 12, "unified-small")
    with refuse(match="expected finite values, found none"):
        lazy.supersample_lazily(da.full((8, 8), np.nan), 4).compute()


@pytest.mark.slow
def test_a_cluster_computes_and_writes(stack, eager, lazily, runtime, tmp_path):
    distributed = pytest.importorskip("distributed")
    path = str(tmp_path / "a.zarr")
    workers = 2 if runtime == "onnx" else 1  # each imports TensorFlow for seconds
    options = {"host": "127.0.0.1", "dashboard_address": None, "n_workers": workers, "threads_per_worker": 1}
    with (
        distributed.LocalCluster(processes=True, **options) as cluster,
        distributed.Client(cluster),
    ):
        write_ome_zarr(path, lazy.supersample_lazily(da.from_array(stack[:2], chunks=(1, 150, 133)), 5, **lazily))
        with pytest.raises(InputError, match="expected finite values, found none"):
            lazy.supersample_lazily(da.full((8, 8), np.nan), 4, **lazily).compute()
    for image, expected in zip(zarr.open_group(path, mode="r")["0"][:], eager):
        np.testing.assert_allclose(image, expected, rtol=0, atol=1e-5 * np.ptp(expected))


@pytest.mark.parametrize("how", [{}, {"deblur": "wiener", "keep_known": True}])
def test_images_tell_where_they_came_from(stack, tiny_run, how):
    images = lazy.supersample_lazily(da.from_array(stack), 5, tiny_run, tile=512, **how)
    made = carried.found(images[0])
    assert made["generator"] == weights.identity(tiny_run) and (made["factor"], made["tile"]) == (5, 512)
    assert made["command"] == "supersample_lazily" and {name: made["options"][name] for name in how} == how
    both = da.stack(lazy.ensemble_lazily(da.from_array(stack), 5, tiny_run))
    assert carried.found(both)["command"] == "ensemble_lazily"
