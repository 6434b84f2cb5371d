"""Times XLA's programs that `hlo` wrote, by JAX's compiler: no TensorFlow, nothing of dlss_tf, but JAX and NumPy.

    python benchmarks/hlo_timing.py hlo/*.hlo.gz

Prints a JSON line a program. Inputs and weights are random: no time depends on them.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import sys
import time
from typing import Any

import jax
import numpy as np
from jax._src.lib import xla_client
from timing import timed  # beside this script

CALLS, RUNS = 20, 3  # calls a run: the host does not wait between them, as in training


def measure(path: str) -> dict[str, Any]:
    """Milliseconds of a call, runs' median; seconds to compile; peak memory of the device so far."""
    with gzip.open(path) as file:
        program = xla_client.XlaComputation(file.read())
    device = jax.local_devices()[0]
    module = xla_client._xla.mlir.hlo_to_stablehlo(program.as_serialized_hlo_module_proto())
    began = time.perf_counter()
    compiled = device.client.compile_and_load(module, xla_client.DeviceList((device,)), xla_client.CompileOptions())
    seconds = time.perf_counter() - began
    random = np.random.default_rng(0)
    inputs = [_value(shape, random, device) for shape in program.program_shape().parameter_shapes()]
    updated = _updated(program.as_hlo_text())

    def run() -> None:
        for _ in range(CALLS):
            outputs = compiled.execute(inputs)
            for number, place in updated:
                inputs[place] = outputs[number]
        for output in outputs:
            output.block_until_ready()

    milliseconds = 1e3 * float(np.median(timed(run, RUNS))) / CALLS
    memory = (device.memory_stats() or {}).get("peak_bytes_in_use", 0) / 2**30
    name = os.path.basename(path).removesuffix(".hlo.gz")
    return {"name": name, "ms": milliseconds, "compile_s": seconds, "peak_gib": memory, "device": str(device)}


def _value(shape: Any, random: np.random.Generator, device: Any) -> Any:
    """Whole numbers are counters, and begin at 0."""
    sides, dtype = shape.dimensions(), np.dtype(shape.element_type())
    value = 0.02 * random.random(sides, np.float32) + 0.001 if dtype.kind == "f" else np.zeros(sides)
    return jax.device_put(value.astype(dtype), device)


def _updated(text: str) -> list[tuple[int, int]]:
    """Which output is the new value of which input, whose memory it takes."""
    head = text.split("entry_computation_layout")[0]
    return [(int(number), int(place)) for number, place in re.findall(r"\{(\d+)\}: \((\d+), \{\}", head)]


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    for path in sys.argv[1:]:
        print(json.dumps(measure(path)), flush=True)
