"""Generators in ONNX Runtime, as graphs that are made of their weights here: no TensorFlow."""

from __future__ import annotations

import os

import numpy as np
import onnxruntime

from ..config import Config
from ..models.onnx.generators import model
from . import memory
from .runtimes import Arrays, Run

SILENT = 3  # errors alone are said


def generator(config: Config, arrays: Arrays, head: Arrays | None = None) -> Run:
    """As `runtimes.generator`."""
    head = head and {name: array for name, array in head.items() if name != "calibration"}
    made = model(config, arrays, head).SerializeToString()
    session = onnxruntime.InferenceSession(made, _options(), providers=["CPUExecutionProvider"])
    taken = [each.name for each in session.get_inputs()]
    keeping_none = onnxruntime.RunOptions()
    keeping_none.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")

    def run(images: np.ndarray, factor: int) -> np.ndarray:
        given = {"image": images, "factor": np.array([factor], np.int32)}
        options = keeping_none if memory.is_spared() else None
        outputs = session.run(None, {name: given[name] for name in taken}, options)
        return outputs[0] if len(outputs) == 1 else np.concatenate(outputs, 3)

    return run


def _options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = SILENT
    options.intra_op_num_threads = _cores()
    # Threads that wait actively take from whatever else the machine does, and gain nothing on networks as large.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _cores() -> int:
    """OMP_NUM_THREADS, which NumPy heeds too, or all that this process may use."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdecimal() and int(asked):
        return int(asked)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
