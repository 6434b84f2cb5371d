import datetime
import json
import os
import shutil

import onnxruntime
import tensorflow as tf

from dlss_tf import Supersampler, __version__, weights
from dlss_tf.inference.options import Options
from dlss_tf.inference.provenance import made_by, supersampling


def test_code_and_generator_are_told(tiny_run):
    by = made_by(tiny_run, 512)
    assert (by["version"], by["onnxruntime"], by["tile"]) == (__version__, onnxruntime.__version__, 512)
    by_tensorflow = made_by(tiny_run, 512, "tensorflow")
    assert by_tensorflow["tensorflow"] == tf.__version__ and "onnxruntime" not in by_tensorflow
    name, digest = os.path.basename(tiny_run), weights.digest(tiny_run)
    assert by["generator"] == {"name": name, "weights": tiny_run, "sha256": digest}
    assert Supersampler(tiny_run, 512).made_by == by and made_by(None, 512)["generator"]["weights"] == "unified-scan"


def test_what_told_no_errors_had_no_part():
    by = {"version": "0", "generator": {"name": "a", "spread_sha256": "0"}}
    assert "spread_sha256" not in supersampling(by, 5, Options())["generator"]
    made = supersampling(by, 5, Options(uncertainty=True, deblur="adam"), dtype="same")
    assert made["generator"] == by["generator"] and made["dtype"] == "same" and made["version"] == "0"
    assert made["options"] == {**dict.fromkeys(vars(Options()), False), "uncertainty": True, "deblur": "adam"}
    assert json.loads(json.dumps(made)) == made
    assert abs((datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.fromisoformat(made["date"])).days) < 1


def test_weights_that_are_trained_further_are_others(tiny_run, tmp_path):
    run = shutil.copytree(tiny_run, str(tmp_path / "run"))
    before = Supersampler(run).made_by["generator"]["sha256"]
    config, arrays = weights.load(run)
    weights.save(run, {name: array + 1 for name, array in arrays.items()})
    assert before == weights.digest(tiny_run) != Supersampler(run).made_by["generator"]["sha256"]
