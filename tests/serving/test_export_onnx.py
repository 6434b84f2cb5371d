import json

import numpy as np
import onnx
import pytest
from sessions import run, session

from dlss_tf import Supersampler, lattice, weights
from dlss_tf.errors import InputError
from dlss_tf.serving.export_onnx import export_onnx


def test_the_file_gives_what_a_supersampler_does(tmp_path, rng):
    path = export_onnx(None, str(tmp_path / "new" / "model.onnx"))
    made = session(onnx.load(path))
    scan = rng.random((21, 30), np.float32)
    scan = (scan - scan.min()) / np.ptp(scan)
    image, deviation = Supersampler().with_uncertainty(scan, 5)
    # Of 105x150 px the lattice has the first sample on px 0, as a scan's image has
    inputs = lattice.infill(scan, image.shape, 5)[None, ..., None]
    found = run(made, image=inputs, factor=np.array([5], np.int32))
    for each, expected in zip(found, (image, deviation), strict=True):
        np.testing.assert_allclose(each[0, ..., 0], expected, atol=1e-5)


def test_it_tells_what_it_was_made_of_and_is_half_as_large(tmp_path):
    path = tmp_path / "model.onnx"
    export_onnx(None, str(path))
    told = {each.key: each.value for each in onnx.load(path).metadata_props}
    assert told["name"] == "unified-scan" and told["sha256"] == weights.digest()
    assert json.loads(told["config"])["network"] == "scan-grid"
    assert path.stat().st_size < 2.7 * sum(each.size for each in weights.load()[1].values())


def test_refusals_leave_what_is_there(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"mine")
    for place, sentence in ((path, "expected no file, found one"), (tmp_path / "model.pb", "ends in .onnx")):
        with pytest.raises(InputError, match=sentence):
            export_onnx(None, str(place))
    with pytest.raises(InputError, match="expected a place that can be written"):
        export_onnx(None, str(path / "model.onnx"))
    with pytest.raises(InputError, match="expected a run directory"):
        export_onnx("nowhere", str(tmp_path / "other.onnx"))
    assert path.read_bytes() == b"mine" and [each.name for each in tmp_path.iterdir()] == ["model.onnx"]
    export_onnx(None, str(path), overwrite=True)
    assert path.stat().st_size > 1e6
