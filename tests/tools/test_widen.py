import numpy as np
import pytest

from dlss_tf import Supersampler, weights
from dlss_tf.errors import InputError
from tools.widen import widen


def test_a_wider_generator_computes_the_same(tiny_run, tmp_path, rng):
    """Width 0.05 has 8 to 38 channels, 0.12 up to 92: some layers stay as they are, others more than double."""
    widen(tiny_run, str(tmp_path / "wide"), 0.12)
    scan = rng.random((13, 13), np.float32)
    narrow, wide = Supersampler(tiny_run), Supersampler(str(tmp_path / "wide"))
    np.testing.assert_allclose(wide(scan, 5), narrow(scan, 5), atol=1e-4)
    assert wide.config == narrow.config.replace(width=0.12)


def test_copies_of_a_channel_differ_in_what_they_give(tiny_run, tmp_path):
    """Or their gradients would be alike, and they would stay copies for ever."""
    widen(tiny_run, str(tmp_path / "wide"), 0.12)
    arrays = weights.load(str(tmp_path / "wide"))[1]
    v = arrays["inner_residual1_conv1/v"]
    assert np.abs(v[:, :, 0] - v[:, :, 38]).max() > 0.1 * np.abs(v).max()


def test_refuses_to_narrow(tiny_run, tmp_path):
    with pytest.raises(InputError, match=r"width: expected 0\.05 or more of a two-stage generator, found 0\.01"):
        widen(tiny_run, str(tmp_path / "wide"), 0.01)
    assert not (tmp_path / "wide").exists()
