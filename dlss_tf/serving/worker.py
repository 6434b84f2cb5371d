"""The process that holds the generator: `model.Model` starts it and asks it of one batch after another.

For a question any number of {"progress": [done, of]} and one {"answer": ...} go out, with the `number` it came with. As
many as `AT_ONCE` are answered at once. It ends when it is asked no more.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import json
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from .. import weights as stored
from ..errors import InputError, gathered, reason, shown
from ..formats import python_process, wire
from ..inference import memory
from ..inference.options import IMAGES, Options
from ..inference.requirements import factors_taken
from .forward import Unavailable
from .idle import WhenIdle
from .settings import AT_ONCE

MOST_QUESTION = 2**36  # bytes of arrays; what may be asked is limited before it comes here
TOO_LITTLE_MEMORY = "expected less to do at once, found too little memory"

Report = Callable[[int, int], None]
Question = Mapping[str, Any]


class TooLong(Exception):
    """The time for a batch is over."""


def main(life: str, settings: str) -> None:
    """Answer until no more is asked or `life` is closed; `settings`, in JSON, are the arguments of `Served`."""
    questions, answers = python_process.begin(life)
    sending = threading.Lock()

    def say(message: Any) -> None:
        with sending:
            wire.send(answers, message)

    def reply(question: Question) -> None:
        try:
            number = question["number"]
            say({"number": number, "answer": answer(served, question, lambda said: say({"number": number, **said}))})
        except BaseException:  # nobody listens, or it cannot be told: who asked is to learn that there is no answer
            os._exit(1)
        gc.collect()

    def reply_then_rest(question: Question) -> None:
        with idle:
            reply(question)

    with contextlib.suppress(EOFError, BrokenPipeError):
        try:
            served = Generator(**json.loads(settings))
            served.warm()
            say({"ready": served.described()})
            gc.freeze()  # what there is stays: to look through it would take as long as an image
        except Exception as error:  # of a broken installation, too
            say({"error": reason(error)})
            return
        pool, idle = ThreadPoolExecutor(AT_ONCE), WhenIdle(served.rest)
        while True:
            pool.submit(reply_then_rest, wire.receive(questions, MOST_QUESTION))


def answer(served: Generator, question: Question, say: Callable[[Any], None]) -> dict[str, Any]:
    """The outputs for a question, or {"error": a sentence, "kind": a key of `batches.STATUS_OF`}."""
    end = time.monotonic() + question["seconds"]

    def report(done: int, of: int) -> None:
        if time.monotonic() > end and done < of:
            raise TooLong
        say({"progress": [done, of]})

    try:
        return served.answers[question["kind"]](question, report)
    except InputError as error:
        return {"error": str(error), "kind": "input"}
    except TooLong:
        return {"error": f"expected to be done in {question['seconds']:.3g} s, found more to do", "kind": "time"}
    except Unavailable as error:
        return {"error": str(error), "kind": "backend"}
    except MemoryError:
        return {"error": TOO_LITTLE_MEMORY, "kind": "memory"}
    except Exception as error:
        return _of_tensorflow(error) if "tensorflow" in sys.modules else {"error": reason(error), "kind": "internal"}


def _of_tensorflow(error: Exception) -> dict[str, Any]:
    import tensorflow as tf

    if isinstance(error, (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError)):  # what a signature refuses
        return {"error": _assertion(str(error)), "kind": "input"}
    if isinstance(error, tf.errors.ResourceExhaustedError):
        return {"error": TOO_LITTLE_MEMORY, "kind": "memory"}
    return {"error": reason(error), "kind": "internal"}


def _assertion(text: str) -> str:
    """What a TensorFlow assertion says, wherever in the text, without quotes and brackets; or its last words."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and "{{node" not in line]
    failed = next((line.partition("assertion failed: ")[2] for line in lines if "assertion failed: " in line), "")
    return re.sub(r"[\[\]']", "", failed) if failed else shown(lines[-1] if lines else "expected other inputs")


def _made_by_a_server(by: Mapping[str, Any]) -> dict[str, Any]:
    """As `inference.provenance.made_by`, for those who are not to know this machine's folders."""
    generator = {name: value for name, value in by["generator"].items() if name != "weights"}
    return {"server": True, **by, "generator": generator}


class Generator:
    """A generator, here or in a TensorFlow Serving at `backend`, and what it answers."""

    def __init__(
        self, weights: str | None, tile: int, size: int, backend: str | None, runtime: str | None = None
    ) -> None:
        from ..inference.supersampler import Supersampler
        from .backend import supersampler

        self.size, self.backend = size, backend
        self.supersampler = supersampler(backend) if backend else Supersampler(weights, tile, runtime)
        self.made_by = _made_by_a_server(self.supersampler.made_by)
        self._told_uncertainty = False
        self.answers = {"supersample": self.supersample, "predict": self.predict, "describe": self.signatures}

    def warm(self) -> None:
        """Have the runtime do what the first request would wait for."""
        if not self.backend:
            self._run_small(False)

    def _run_small(self, uncertainty: bool) -> None:
        side = 32
        scan = np.arange(side * side, dtype=np.float32).reshape(side, side)
        options = Options(keep_outliers=True, uncertainty=uncertainty)
        self.supersampler.run(scan, self.supersampler.config.factors[0], options)

    def rest(self) -> None:
        """Give back what is kept for the next question, as nobody knows when it comes.

        A runtime lets go of buffers at the end of a pass alone: of a small one here.
        """
        if not self.backend and self.supersampler.runtime == "onnx":
            with memory.spared():
                for uncertainty in {False, self._told_uncertainty}:
                    self._run_small(uncertainty)
        memory.give_back()

    def described(self) -> dict[str, Any]:
        """What clients are told of it."""
        config = self.supersampler.config
        tells = not self.backend and os.path.exists(
            os.path.join(stored.find(self.supersampler.weights), stored.SPREAD_FILE)
        )
        trained = sorted(set(config.factors))
        return {
            **{"name": self.supersampler.name, "network": config.network, "width": config.width},
            **{"factors": factors_taken(config), "trained": trained, "uncertainty": tells, "size": self.size},
            "made_by": self.made_by,
        }

    def supersample(self, question: Question, report: Report) -> dict[str, Any]:
        """`Supersampler.run` of scans [b, h, w], those of several requests together: `counts` says how many of each.

        Also the line of their `history`, their `provenance`, and what is `said` of the scans of each request.
        """
        from ..inference.provenance import supersampling
        from ..interfaces.results import history

        scans, factor, options = question["arrays"]["scan"], question["factor"], Options(**question["options"])
        if options.uncertainty and self.backend:
            raise InputError("uncertainty: expected False where another server has the generator, found True")
        with gathered() as sentences:
            made = self.supersampler.run(scans, factor, options, report)
        self._told_uncertainty |= options.uncertainty
        said = [sentences]
        if len(question["counts"]) > 1:
            ends = np.cumsum(question["counts"])[:-1]
            each = np.split(scans, ends) if sentences else [None] * len(question["counts"])
            said = [[] if own is None else self.supersampler.remarks(own, factor, options) for own in each]
        images = {name: image for name, image in zip(IMAGES, made) if image is not None}
        line = history(self.supersampler.name, self.supersampler.config, factor, options)
        provenance = supersampling(self.made_by, factor, options)
        return {**images, "said": said, "history": line, "provenance": provenance}

    def predict(self, question: Question, report: Report) -> dict[str, Any]:
        """What a signature gives for the inputs: arrays, or lists of bytes for strings."""
        served = self._served
        import tensorflow as tf

        inputs = {name: tf.constant(value) for name, value in {**question["fixed"], **question["arrays"]}.items()}
        outputs = served.by_name[question["signature"]](**inputs)
        return {
            name: output.numpy().tolist() if output.dtype == tf.string else output.numpy()
            for name, output in outputs.items()
        }

    def signatures(self, question: Question, report: Report) -> dict[str, Any]:
        """Of each signature the inputs' and outputs' types and shapes, None for any side, or any shape."""

        def described(specs: Mapping[str, Any]) -> dict[str, Any]:
            return {
                name: {"dtype": spec.dtype.name, "shape": None if spec.shape.rank is None else spec.shape.as_list()}
                for name, spec in specs.items()
            }

        found = {}
        for name, function in self._served.by_name.items():
            graph = function.get_concrete_function()
            inputs = {spec.name: spec for spec in function.input_signature}
            found[name] = {"inputs": described(inputs), "outputs": described(graph.structured_outputs)}
        return found

    @functools.cached_property
    def _served(self) -> Any:
        try:
            from ..models import generators
            from .signatures import Served
        except ImportError as error:
            raise InputError(f"signatures: expected TensorFlow, which runs them, found no {error.name}") from None
        config, arrays = stored.load(self.supersampler.weights)
        return Served(config, generators.trained(config, arrays), self.size, factors_taken(config))
