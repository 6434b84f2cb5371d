import os

import numpy as np
import pytest

from dlss_tf import weights
from dlss_tf.inference import memory, onnx_runtime


def test_a_head_gives_a_second_image_before_calibration(rng):
    config, arrays = weights.load()
    head = weights.load_spread()
    inputs = rng.random((2, 50, 60, 1), np.float32)
    alone, both = (onnx_runtime.generator(config, arrays, each)(inputs, 5) for each in (None, head))
    again = onnx_runtime.generator(config, arrays, {**head, "calibration": np.float32(9)})(inputs, 5)
    assert alone.shape == (2, 50, 60, 1) and both.shape == (2, 50, 60, 2)
    np.testing.assert_allclose(both[..., :1], alone, atol=1e-6)
    np.testing.assert_array_equal(both, again)


@pytest.mark.parametrize(("said", "threads"), [("1", 1), ("3", 3), ("", None), ("all", None), ("0", None)])
def test_threads_are_as_many_as_there_are_cores_or_as_said(monkeypatch, said, threads):
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    assert onnx_runtime._cores() == (threads or len(os.sched_getaffinity(0)))
    assert onnx_runtime._options().intra_op_num_threads == onnx_runtime._cores()


def test_no_buffers_are_kept_while_memory_is_spared(monkeypatch, rng):
    given = []
    run = onnx_runtime.onnxruntime.InferenceSession.run

    def recorded(session, names, inputs, options=None):
        given.append(options)
        return run(session, names, inputs, options)

    monkeypatch.setattr(onnx_runtime.onnxruntime.InferenceSession, "run", recorded)
    made = onnx_runtime.generator(*weights.load())
    inputs = rng.random((1, 50, 60, 1), np.float32)
    usual = made(inputs, 5)
    with memory.spared():
        np.testing.assert_array_equal(made(inputs, 5), usual)
    assert given[0] is None
    assert given[1].get_run_config_entry("memory.enable_memory_arena_shrinkage") == "cpu:0"
