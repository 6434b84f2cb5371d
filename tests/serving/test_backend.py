"""The server that has the generator is ours: it speaks TensorFlow Serving's REST API (test_tfs_rest)."""

import numpy as np
import pytest
from serving.conftest import running

from dlss_tf import lattice
from dlss_tf.errors import InputError
from dlss_tf.serving import backend
from dlss_tf.serving.forward import Unavailable


@pytest.fixture
def served(server):
    return backend.supersampler(server)


@pytest.fixture
def scan():
    """Smooth, so that what a tile does not see hardly matters."""
    rows, columns = np.meshgrid(np.arange(31), np.arange(44), indexing="ij")
    return (1000 + 30 * np.sin(rows / 4) * np.cos(columns / 5)).astype(np.float32)


def test_a_scan_that_fits_goes_as_one_image(served, scan, supersampler):
    count, first = lattice.count(96, 5), lattice.offset(96, 5)
    scan = scan[: count - 1, : count - 1]
    whole = supersampler.image(np.pad(scan, [(0, 1)] * 2, mode="symmetric")[None], (96, 96), 5)[0]
    expected = whole[first : first + 95, first : first + 95]
    np.testing.assert_allclose(served(scan, 5), expected, rtol=0, atol=1e-4 * np.ptp(expected))
    assert served.name == "dlss"


def test_larger_scans_of_any_shape_go_in_tiles(served, scan, supersampler, monkeypatch):
    monkeypatch.setattr(backend.tiles, "OVERLAP", 48)
    monkeypatch.setattr(backend.tiles, "RAMP", 8)
    done = []
    image = served(scan, 5, on_progress=lambda *progress: done.append(progress))
    expected = supersampler(scan, 5)
    assert image.shape == expected.shape and len(done) == done[-1][1] > 1
    assert np.abs(image - expected)[10:-10, 10:-10].max() < 0.1 * np.ptp(expected)


def test_a_model_of_images_too_small_for_tiles_is_told(served, scan):
    with pytest.raises(InputError, match=r"at most 19 samples a side for a model's images of 96 px, found \[31, 44\]"):
        served(scan, 5)


def test_what_the_backend_refuses_is_told_in_its_words(served):
    with pytest.raises(InputError, match="expected nearest infill by one factor out of 4, 5, 8"):
        served(np.random.default_rng(0).random((12, 12), np.float32), 6)


def test_nobody_there_is_a_sentence():
    with pytest.raises(Unavailable, match="^http://127.0.0.1:9/v1/models/dlss/metadata: expected a TensorFlow Serving"):
        backend.supersampler("http://127.0.0.1:9")(np.eye(20), 5)


@pytest.mark.slow
def test_a_server_in_front_of_another(server, scan, supersampler):
    import httpx

    scan = np.ascontiguousarray(scan[:18, :18])
    asked = {"factor": 5, "dtype": "float32", "shape": "18,18", "format": "raw"}
    with running("--backend", server) as (_, front, _), httpx.Client(base_url=front, timeout=60) as web:
        answer = web.post("/api/supersample", params=asked, content=scan.tobytes())
        image = np.frombuffer(answer.content, "<f4").reshape(90, 90)
        expected = supersampler(scan, 5)
        assert np.abs(image - expected)[20:70, 20:70].max() < 0.1 * np.ptp(expected)
        assert web.get("/v1/models/dlss/metadata").json() == httpx.get(f"{server}v1/models/dlss/metadata").json()
        predict = {"signature_name": "supersample", "inputs": {"scan": [[[1.0]]], "factor": 5}}
        told = [post(url, predict) for url in (front, server)]
        assert told[0] == told[1] and told[0][0] == 400
        refused = web.post("/api/supersample", params={**asked, "uncertainty": True}, content=scan.tobytes())
        assert refused.status_code == 400 and "where another server has the generator" in refused.json()["error"]


def post(url, request):
    import httpx

    answer = httpx.post(f"{url}v1/models/dlss:predict", json=request, timeout=60)
    return answer.status_code, answer.json()
