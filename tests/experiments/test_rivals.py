import sys

import numpy as np
import pytest

from dlss_tf import lattice
from dlss_tf.errors import InputError
from experiments import _rivals, rivals


def test_each_is_cubic_interpolation_of_a_denoised_scan(rng):
    scan = rng.normal(5, 2, (13, 13))
    image = _rivals.interpolated(lambda unit: unit, scan, (64, 64), 5)
    np.testing.assert_allclose(image, lattice.bicubic(scan, (64, 64), 5), atol=1e-9)
    halves = _rivals.interpolated(lambda unit: np.full_like(unit, 0.5), scan, (64, 64), 5)
    np.testing.assert_allclose(halves, (scan.min() + scan.max()) / 2)
    np.testing.assert_array_equal(_rivals.interpolated(lambda unit: unit, np.full((13, 13), 3.0), (64, 64), 5), 3.0)


def test_total_variation_takes_noise_off(rng):
    step = np.repeat([0.2, 0.8], 32)[None] * np.ones((64, 1))
    noisy = step + rng.normal(0, 0.05, step.shape)
    errors = [np.std(_rivals.total_variation(noisy, strength) - step) for strength in (0.01, 1.0)]
    assert errors[1] < 0.5 * errors[0]


@pytest.mark.parametrize("module", ["bm3d", "tk_r_em"])
def test_a_rival_that_is_not_installed_is_named(monkeypatch, rng, module):
    monkeypatch.setitem(sys.modules, module, None)
    _rivals._tk_r_em.cache_clear()
    methods = _rivals.rivals(1.0)
    method = "bm3d" if module == "bm3d" else "tk_r_em_hrstem"
    with pytest.raises(InputError, match=f"expected the package {module}, found none; `make rivals` installs it"):
        methods[method](rng.random((16, 16)))


def test_networks_stand_beside_rivals_by_class(monkeypatch, made, tiny_run, capsys):
    denoising = {"bm3d": lambda scan: scan, "flat": lambda scan: np.full_like(scan, scan.mean())}
    monkeypatch.setattr(rivals, "rivals", lambda strength: denoising)
    report = made("rivals", "--weights", tiny_run, "--class", "first=00000*,00001*", generator=False)
    everything, first = report["classes"]["all"], report["classes"]["first"]
    assert (everything["images"], first["images"]) == (3, 2)
    rows = everything["coverages"]["1/25"]
    assert rows["bm3d"]["mean"] == pytest.approx(rows["lattice_bicubic"]["mean"], rel=1e-4)
    assert {"tiny-run", "tiny-run, refined", "noise_floor", "bilinear", "non_local_means"} <= set(rows)
    assert rows["flat"]["mean"] != rows["bm3d"]["mean"]
    assert rows["noise_floor"]["mean"] < rows["bm3d"]["mean"]
    shown = capsys.readouterr().out
    assert "first" in shown and "over 2 images" in shown
