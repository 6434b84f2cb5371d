"""ONNX models, run; and weights at random for networks."""

import numpy as np
import onnx
from onnxruntime import InferenceSession

CLOSE = {"rtol": 0, "atol": 1e-5}  # of a scale of 1


def session(model):
    """That runs a model which is valid."""
    onnx.checker.check_model(model, full_check=True)
    return InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def run(session, **inputs):
    """Its outputs for those of the inputs that it takes."""
    return session.run(None, {each.name: inputs[each.name] for each in session.get_inputs()})


def drawn(variables, seed=1):
    """Weights at random, by name, of a scale that activations keep theirs with."""
    random, arrays = np.random.default_rng(seed), {}
    for name, variable in variables.items():
        fan = 100 if len(variable.shape) == 1 else 4 * np.prod(variable.shape[:-1])
        arrays[name] = random.normal(0, fan**-0.5, variable.shape).astype(np.float32)
        if name.endswith(("/moving_variance", "/g")):
            arrays[name] = random.uniform(0.5, 1.5, variable.shape).astype(np.float32)
        if name.endswith("/share"):
            arrays[name] = np.full(variable.shape, 1 / variable.shape[0], np.float32)
    return arrays
