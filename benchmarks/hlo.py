"""Training steps and forward passes as XLA's programs, for a GPU's machine without TensorFlow: `hlo_timing` runs them.

    python -m benchmarks.hlo --out hlo [--batches 1 4 16]

Writes `hlo/train-16-tf32.hlo.gz` and the like, 0.2 MB each, weights not included.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import os
from typing import Any

import tensorflow as tf
from tensorflow.compiler.xla.service import hlo_pb2

from dlss_tf.config import PRESETS, Config
from dlss_tf.formats.replacing import replacing
from dlss_tf.layers import convolution
from dlss_tf.models import generators
from dlss_tf.training.state import State
from dlss_tf.training.steps import train_step

from .ours import FACTOR, in_another_process

MODES = ("train", "adversarial", "forward")
PRECISIONS = ("tf32", "float32", "bfloat16")


def program(mode: str, config: Config) -> bytes:
    """The HloModuleProto of a step, or of a forward pass.

    Without copies of what is given back as it came, which other compilers refuse.
    """
    image = tf.zeros((config.batch, config.size, config.size, 1))
    function: Any
    if mode == "forward":
        generator = generators.build(config).generator
        arguments = [image]
        function = tf.function(
            lambda image: generators.complete(config, generator, image, FACTOR, training=False), jit_compile=True
        )
    else:
        config = config.replace(xla=True, adversarial=mode == "adversarial")
        arguments = [tf.range(config.batch, dtype=tf.int64), image]
        function = train_step(config, State.create(config), config.adversarial)
    return without_copies(function.experimental_get_compiler_ir(*arguments)("hlo_serialized"))


def without_copies(serialized: bytes) -> bytes:
    """An HloModuleProto in which whoever reads a copy reads what was copied."""
    module = hlo_pb2.HloModuleProto.FromString(serialized)
    for computation in module.computations:
        source = {each.id: each.operand_ids[0] for each in computation.instructions if each.opcode == "copy"}

        def original(number: int, source: dict[int, int] = source) -> int:
            return original(source[number]) if number in source else number

        kept = [each for each in computation.instructions if each.id not in source]
        for each in kept:
            each.operand_ids[:] = map(original, each.operand_ids)
            each.control_predecessor_ids[:] = map(original, each.control_predecessor_ids)
        kept = [hlo_pb2.HloInstructionProto.FromString(each.SerializeToString()) for each in kept]
        del computation.instructions[:]
        computation.instructions.extend(kept)
        computation.root_id = original(computation.root_id)
    return module.SerializeToString()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", required=True, help="folder")
    parser.add_argument("--preset", choices=tuple(PRESETS), default="paper")
    parser.add_argument("--modes", nargs="+", choices=MODES, default=MODES)
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=PRECISIONS)
    parser.add_argument("--batches", nargs="+", type=int, default=(1, 4, 16))
    parser.add_argument("--size", type=int, default=512)
    arguments = parser.parse_args()
    os.makedirs(arguments.out, exist_ok=True)
    for mode, batch, precision in itertools.product(arguments.modes, arguments.batches, arguments.precisions):
        config = PRESETS[arguments.preset].replace(batch=batch, size=arguments.size)
        path = os.path.join(arguments.out, f"{mode}-{batch}-{precision}.hlo.gz")
        in_another_process(_write, path, mode, config, precision)  # each holds its weights until the end
        print(path, flush=True)


def _write(path: str, mode: str, config: Config, precision: str) -> None:
    convolution._on_x86 = lambda: False  # type: ignore[assignment]  # or this processor's own kernels would be in it
    tf.config.experimental.enable_tensor_float_32_execution(precision != "float32")
    with replacing(path) as beside, gzip.open(beside, "wb") as file:
        file.write(program(mode, config.replace(mixed_precision=precision == "bfloat16")))


if __name__ == "__main__":
    main()
