import numpy as np
import pytest

from dlss_tf import Supersampler
from experiments.ensemble import MSES, block_means, compare, summarize


def test_block_means(rng):
    image = rng.random((32, 32))
    assert block_means(image) == pytest.approx([image[i : i + 16, j : j + 16].mean() for i in (0, 16) for j in (0, 16)])


def test_an_ensemble_gains_and_its_spread_tells_edges_from_flat_parts():
    y, x = np.mgrid[:128, :128]
    crop = ((x - 64) ** 2 + (y - 50) ** 2 < 900).astype(np.float32)
    report = compare(Supersampler("unified-small"), crop, 5)
    assert 0 < report["ensemble"] < report["one"]
    assert report["spread"] > 0 and report["correlation"] > 0.3


def test_summary():
    values = [(4.0, 3.0, 1.0, 0.5, 0.1, 0.5), (0.0, 0.0, 1.0, 1.0, 0.2, 0.7), (5.0, 0.0, 4.0, 0.0, 0.3, 0.9)]
    images = {str(i): dict(zip((*MSES, "spread", "correlation"), each)) for i, each in enumerate(values)}
    summary = summarize(images)
    assert [summary[name] for name in MSES] == pytest.approx([3**0.5, 1, 2**0.5, 0.5**0.5])
    assert summary["gain"] == pytest.approx(1 - (2 / 3) ** 0.5)
    assert summary["correlation_in_images"] == 0.7
