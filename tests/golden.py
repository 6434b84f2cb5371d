"""Reads the reference traces. Those in tests/golden/ are always there; the rest only beside a developer's checkout."""

from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent
COMMITTED = Path(__file__).parent / "golden"
SHARED = ROOT.parent / "shared"


def trace(name: str) -> dict[str, np.ndarray]:
    """The arrays of `name.npz`; those that show a real image only where `real_image` finds it, so ask that first."""
    arrays = {}
    for folder in (SHARED / "golden", COMMITTED):
        if (folder / f"{name}.npz").exists():
            with np.load(folder / f"{name}.npz") as file:
                arrays |= file
    return arrays


def real_image(path: str) -> np.ndarray:
    """A real crop, e.g. `train/truth-1.tif`, float32 in the file's units; skips the test where it is absent."""
    tifffile = pytest.importorskip("tifffile")
    file = SHARED / "data" / "stem_real" / path
    if not file.exists():
        pytest.skip(f"real image {path} is not part of this repository")
    return tifffile.imread(file).astype(np.float32)
