import io
import os
import threading
import types

import numpy as np
import pytest
import tensorflow as tf

from dlss_tf import weights
from dlss_tf.config import preset
from dlss_tf.formats import wire
from dlss_tf.inference.supersampler import Supersampled
from dlss_tf.serving import idle, worker


@pytest.fixture(scope="module")
def generator(tiny_scan_grid_run, runtime):
    return worker.Generator(tiny_scan_grid_run, 512, 96, None, runtime)


def asked(generator, seconds=60.0, **question):
    said = []
    answer = worker.answer(generator, {"seconds": seconds, "counts": [1], **question}, said.append)
    return answer, said


def scans(generator, arrays, counts, factor=5, seconds=60.0, **options):
    question = {"kind": "supersample", "factor": factor, "options": options, "arrays": {"scan": arrays}}
    return asked(generator, seconds, **{**question, "counts": counts})


def test_each_request_of_a_batch_hears_of_its_own_scan(generator, rng):
    stack = rng.normal(1000, 30, (4, 20, 24)).astype(np.float32)
    stack[2, 3, 3] = np.nan
    answer, said = scans(generator, stack, [1, 2, 1])
    assert answer["image"].shape == (4, 100, 120) and said == [{"progress": [1, 1]}]
    assert [len(each) for each in answer["said"]] == [0, 1, 0] and "1 of 960 samples" in answer["said"][1][0]


def test_what_comes_beside(generator, rng):
    answer, _ = scans(generator, rng.random((1, 9, 9), np.float32), [1], ensemble=True)
    assert set(answer) == {"image", "uncertainty", "said", "history", "provenance"}
    assert "mean of 8 flips" in answer["history"] and answer["provenance"]["options"]["ensemble"] is True
    refused, _ = scans(generator, rng.random((1, 9, 9), np.float32), [1], uncertainty=True)
    assert (
        refused["kind"] == "input" and "spread.npz: expected a generator's weights, found nothing" in refused["error"]
    )


def test_time_that_is_over_ends_it_between_passes(generator, rng):
    answer, said = scans(generator, rng.random((1, 9, 9), np.float32), [1], seconds=0, ensemble=True)
    assert answer == {"error": "expected to be done in 0 s, found more to do", "kind": "time"} and not said


INVALID, EXHAUSTED = tf.errors.InvalidArgumentError, tf.errors.ResourceExhaustedError
ASSERTED = "assertion failed: [scan: expected] [3] [found] [4]\n\t [[{{node a}}]]"
BROKEN = "Graph execution error:\n\nPNG is \x1b broken\n\t [[{{node a}}]]"


@pytest.mark.parametrize(
    ("error", "kind", "sentence"),
    [
        (MemoryError(), "memory", worker.TOO_LITTLE_MEMORY),
        (EXHAUSTED(None, None, "OOM when allocating"), "memory", worker.TOO_LITTLE_MEMORY),
        (INVALID(None, None, ASSERTED), "input", "scan: expected 3 found 4"),
        (INVALID(None, None, BROKEN), "input", r"PNG is \x1b broken"),
        (KeyError("a"), "internal", "KeyError: 'a'"),
    ],
)
def test_whatever_is_raised_is_an_answer(generator, monkeypatch, error, kind, sentence):
    def fail(*_):
        raise error

    monkeypatch.setitem(generator.answers, "predict", fail)
    answer, _ = asked(generator, kind="predict")
    assert answer == {"error": sentence, "kind": kind}


def test_signatures_are_described(tiny_scan_grid_run):
    """Of TensorFlow, whatever else computes."""
    answer, _ = asked(worker.Generator(tiny_scan_grid_run, 512, 96, None), kind="describe")
    assert answer["supersample"]["inputs"] == {
        "scan": {"dtype": "float32", "shape": [None, None, None]},
        "factor": {"dtype": "int32", "shape": None},
    }
    assert set(answer["supersample_png"]["outputs"]) == {"image_bytes", "low", "high"}


def test_what_it_says_of_itself(generator, tiny_scan_grid_run):
    described = generator.described()
    assert described["name"] == os.path.basename(tiny_scan_grid_run) and described["factors"] == [4, 5, 8]
    assert described["uncertainty"] is False
    by = described["made_by"]
    assert by["server"] is True and by["generator"]["sha256"] == weights.digest(tiny_scan_grid_run)
    assert "weights" not in by["generator"]  # nobody is told of folders


def test_an_answered_worker_rests(monkeypatch):
    done, rested, questions = [], threading.Event(), io.BytesIO()
    wire.send(questions, {"number": 3, "kind": "describe", "seconds": 60})
    questions.seek(0)

    class Played:
        answers = {"describe": lambda *_: "nothing"}
        warm, described, rest = (lambda _: None), (lambda _: {}), (lambda _: rested.set())

    monkeypatch.setattr(idle, "PAUSE", 0.0)
    monkeypatch.setattr(worker.python_process, "begin", lambda _: (questions, done))
    monkeypatch.setattr(worker.wire, "send", lambda answers, message: answers.append(message))
    monkeypatch.setattr(worker, "gc", types.SimpleNamespace(collect=lambda: 0, freeze=lambda: 0))
    monkeypatch.setattr(worker, "Generator", lambda **_: Played())
    worker.main("-1", "{}")
    assert rested.wait(60)
    assert done == [{"ready": {}}, {"number": 3, "answer": "nothing"}]


@pytest.mark.parametrize("runtime", ["onnx", "tensorflow"])
@pytest.mark.parametrize("uncertainty", [False, True])
def test_a_rest_gives_back_what_onnx_runtime_keeps(monkeypatch, runtime, uncertainty):
    done = []

    def run(scan, factor, options, report=None):
        done.append((options.uncertainty, worker.memory.is_spared()))
        return Supersampled(scan)

    made = worker.Generator.__new__(worker.Generator)
    made.backend, made.made_by, made._told_uncertainty = None, {}, False
    made.answers = {"supersample": made.supersample}
    made.supersampler = types.SimpleNamespace(runtime=runtime, run=run, config=preset("quick", "scan-grid"), name="a")
    monkeypatch.setattr(worker.memory, "give_back", lambda: done.append("given back"))
    monkeypatch.setattr("dlss_tf.inference.provenance.supersampling", lambda *_: {})
    scans(made, np.zeros((1, 9, 9), np.float32), [1], factor=4, uncertainty=uncertainty)
    made.rest()
    small = [(each, True) for each in (False, uncertainty)[: 1 + uncertainty]] if runtime == "onnx" else []
    assert done[0] == (uncertainty, False) and sorted(done[1:-1]) == small and done[-1] == "given back"
    assert not worker.memory.is_spared()
