"""Generators in TensorFlow."""

from __future__ import annotations

import functools
from collections.abc import Callable

import tensorflow as tf

from ..config import Config
from ..errors import InputError
from ..models import generators, spread
from .runtimes import Arrays, Run


def generator(config: Config, arrays: Arrays, head: Arrays | None = None) -> Run:
    """As `runtimes.generator`."""
    if head is None:
        return of_model(config, generators.trained(config, arrays))
    try:
        both = spread.trained(config, arrays, head)
    except (KeyError, ValueError) as error:
        raise InputError(str(error)) from None
    return of_model(config, lambda inputs: tf.concat(both(inputs), 3))


def of_model(config: Config, model: Callable[..., tf.Tensor]) -> Run:
    """Of a Keras model, or what is called as that config's: images of any sides are one graph."""
    run = tf.function(
        functools.partial(generators.complete, config, model),
        input_signature=[tf.TensorSpec([None, None, None, 1]), tf.TensorSpec([], tf.int32)],
    )
    return lambda images, factor: run(images, factor).numpy()
