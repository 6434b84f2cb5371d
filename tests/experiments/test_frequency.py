import numpy as np
import pytest

from experiments.frequency import METHODS, resolved


def test_resolved():
    frequency = np.array([0.1, 0.2, 0.3, 0.4])
    assert resolved(frequency, np.array([0.9, 0.3, 0.5, 0.1])) == 0.3
    assert resolved(frequency, np.zeros(4)) is None


def test_figure(made, tmp_path):
    report = made("frequency", "--limit", "2")
    assert report["images"] == 2
    assert report["frequency_cycles_per_px"] == pytest.approx(np.arange(1, 33) / 64)
    for name in METHODS:
        assert len(report[f"correlation_{name}"]) == 32 and np.abs(report[f"correlation_{name}"]).max() <= 1
        assert min(report[f"power_{name}"]) >= 0
    lines = (tmp_path / "frequency.csv").read_text().splitlines()
    assert len(lines) == 33 and lines[0].startswith("cycles_per_px,correlation dlss,")
    assert (tmp_path / "frequency.png").exists()
