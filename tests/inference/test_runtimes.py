import sys

import numpy as np
import pytest

from dlss_tf import Supersampler
from dlss_tf.errors import InputError
from dlss_tf.inference import runtimes
from dlss_tf.inference.options import Options

HOW = [
    Options(),
    Options(uncertainty=True, keep_known=True),
    Options(ensemble=True, refine=True),
    Options(deblur="wiener", keep_outliers=True),
    Options(deblur="adam"),
]


@pytest.mark.parametrize("options", HOW)
def test_all_give_the_same_whatever_is_asked_for(rng, options):
    """Of a stack of two scans in their own units, made of tiles."""
    scans = (rng.random((2, 60, 110)) * np.array([1e-9, 300])[:, None, None]).astype(np.float32)
    made = [Supersampler(tile=512, runtime=name).run(scans, 5, options) for name in runtimes.NEEDED]
    ranges = np.ptp(made[0].image, (1, 2), keepdims=True)
    for onnx, tensorflow, scale in zip(*(parts[:3] for parts in made), (ranges, ranges, 1), strict=True):
        assert (onnx is None) == (tensorflow is None)
        if onnx is not None:
            assert onnx.dtype == tensorflow.dtype
            np.testing.assert_allclose(onnx / scale, tensorflow / scale, rtol=0, atol=1e-4)


@pytest.mark.parametrize("side", [8, 16])
def test_scans_of_whole_periods_in_the_filters_windows_give_the_same(rng, side):
    """Most of a window's Fourier coefficients are nothing but rounding there, which is no noise to be measured."""
    scans = rng.random((8, side, side), np.float32)
    made = [Supersampler(runtime=name)(scans, 5, keep_outliers=True) for name in runtimes.NEEDED]
    np.testing.assert_allclose(*made, rtol=0, atol=5e-5)


def test_the_first_that_is_installed_is_taken(monkeypatch):
    assert runtimes.chosen() == "onnx" == Supersampler().runtime
    monkeypatch.setitem(runtimes.NEEDED, "onnx", ("onnxruntime", "no_such_package"))
    assert runtimes.chosen() == "tensorflow"
    with pytest.raises(InputError, match="runtime onnx: expected its packages, found no no_such_package, which is not"):
        runtimes.chosen("onnx")
    monkeypatch.setattr(runtimes, "NEEDED", {"onnx": ("no_such_package",)})
    with pytest.raises(InputError, match=f"runtime: expected onnx in {sys.prefix}, found none; pip install"):
        runtimes.chosen()


def test_with_a_gpu_tensorflow_is_taken_if_it_is_installed(monkeypatch, tmp_path):
    monkeypatch.setattr(runtimes, "GPU", str(tmp_path))
    assert runtimes.chosen() == "tensorflow"
    monkeypatch.setitem(runtimes.NEEDED, "tensorflow", ("no_such_package",))
    assert runtimes.chosen() == "onnx"


def test_refuses_others():
    with pytest.raises(InputError, match="runtime: expected onnx or tensorflow, found torch"):
        Supersampler(runtime="torch")


def test_one_that_does_not_start_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "dlss_tf.inference.onnx_runtime", None)
    with pytest.raises(InputError, match="runtime onnx: expected that it starts, found ModuleNotFoundError: "):
        runtimes.started("onnx")
