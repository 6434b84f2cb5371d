import subprocess
import sys

import numpy as np
import pytest

from dlss_tf import Supersampler
from dlss_tf.evaluation.images import blurred, completed
from dlss_tf.evaluation.metrics import mse
from experiments.table3 import CASTS, measure, sizes, summarize


def cast(name, *values):
    wire = CASTS[name].there(np.array(values, np.float32))
    return wire, CASTS[name].back(wire)


def test_the_published_cast_turns_white_black():
    wire, back = cast("8-bit, published cast", 0.0, 0.25, 0.5, 254 / 256, 255 / 256, 1.0)
    assert wire.dtype == np.int8
    assert wire.tolist() == [-127, -63, 1, 127, -128, -128]
    assert back.tolist() == [0.0, 0.25, 0.5, 254 / 256, -1 / 256, -1 / 256]


def test_it_cuts_off_what_is_behind_the_point():
    wire, _ = cast("8-bit, published cast", 1.9 / 256, 128.9 / 256)
    assert wire.tolist() == [-125, 1]


@pytest.mark.parametrize(("name", "most", "kind"), [("8-bit, saturating", 255, np.uint8), ("12-bit", 4095, np.uint16)])
def test_unsigned_casts_round_and_keep_white(name, most, kind):
    wire, back = cast(name, 0.0, 1.4 / most, 1.6 / most, 1.0, 1.0000001)
    assert wire.dtype == kind and wire.tolist() == [0, 1, 2, most, most]
    assert back.dtype == np.float32 and back[-2:].tolist() == [1.0, 1.0]


def test_floats():
    assert cast("float32", 0.1)[1][0] == np.float32(0.1)
    wire, back = cast("float16", 0.1)
    assert wire.dtype == np.float16 and back.dtype == np.float32 and back[0] == np.float32(np.float16(0.1))


def test_sizes(rng):
    scan = rng.random((20, 20)).astype(np.float32)
    found = {name: sizes(each.there(scan)) for name, each in CASTS.items()}
    assert [each["raw"] for each in found.values()] == [1600, 800, 400, 400, 800]
    assert [name for name, each in found.items() if each["png"]] == [*CASTS][2:]
    assert 300 < found["8-bit, saturating"]["zlib"] < 500
    assert sizes(np.zeros((50, 50), np.uint8))["png"] < 100


def test_float32_is_what_evaluate_measures(rng, tiny_run):
    supersampler, crop = Supersampler(tiny_run), rng.random((64, 64), np.float32)
    found = measure(supersampler, crop)
    assert found["float32"]["mse"] == mse(completed(supersampler, crop, 5)[1], blurred(crop))
    assert found["float16"]["mse"] == pytest.approx(found["float32"]["mse"], rel=0.01)


def test_summary():
    size = {"raw": 8, "zlib": 4, "png": None, "jpeg_xl": None}
    found = summarize([{"mse": 0.01, **size}, {"mse": 0.03, **size, "zlib": 6}])
    assert found["mean"] == pytest.approx(0.02**0.5) and found["std"] == pytest.approx(0.1)
    assert found["bytes"] == {"raw": 8, "zlib": 5, "png": None, "jpeg_xl": None}


def test_table(made, tmp_path):
    report = made("table3", "--limit", "2")
    assert list(report["inputs"]) == list(CASTS)
    assert report["inputs"]["12-bit"]["bytes"]["raw"] == 2 * 13 * 13
    lines = (tmp_path / "table3.csv").read_text().splitlines()
    assert len(lines) == 6 and ",0.0381,0.1075," in lines[3]


def test_tensorflow_is_imported_after_its_environment_is_set():
    """Else it calculates otherwise than `dlss-tf evaluate`, in the eighth digit."""
    order = "names.index('dlss_tf') < names.index('tensorflow')"
    code = f"import sys, experiments.table3; names = list(sys.modules); assert {order}"
    subprocess.run([sys.executable, "-c", code], check=True)
