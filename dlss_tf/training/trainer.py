"""The training loop: streams, iterations, logs and checkpoints (paper section II)."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from types import FrameType

import numpy as np
import tensorflow as tf
from tensorflow import keras

from .. import weights
from .._compat import arrays
from ..config import Config
from ..data import seeds
from ..data.crops import CropStream
from ..data.files import list_files
from ..errors import InputError, TrainingStopped
from ..models import generators
from ..progress import Progress
from . import checkpoints, distribution, run_directory, start, workers
from .distribution import Distribution
from .run_directory import NON_ADVERSARIAL
from .state import State
from .steps import many_steps, train_step, validation_step

VALIDATE_EVERY = 50  # updates between validation steps, which are no iterations themselves
LOG_EVERY = 50
READ_EVERY = 10  # iterations between looks at the losses, which make the host wait for the device
IMAGES_EVERY = 500


#: What may end a run: called with the iterations done and the generator to be saved before each call of steps, and at
#: the end; true ends it.
Watch = Callable[[int, keras.Model], bool]


def train(
    config: Config,
    run: str,
    *,
    resume: bool = False,
    stop_at: int | None = None,
    on: Distribution | None = None,
    watch: Watch | None = None,
) -> str:
    """Train what `config` asks for into the run directory `run`; returns "complete", "stopped" or "interrupted".

    An iteration is an update of the weights; a validation step follows every 50th and is none. `stop_at` ends the run
    after that many iterations of the schedule ("stopped"); SIGINT or SIGTERM ends it after the iteration under way and
    the validation step that may follow it ("interrupted"). Either way a checkpoint and the generator's weights are
    saved, and `resume` continues as if nothing had happened. Without data, simulated crops are made first. A generator
    to start from (`start_from`) takes the place of an adversarial run's non-adversarial half, which is left out.
    `watch` may end it earlier ("stopped"), and shows how far it is.

    `on` are replicas that share each batch, on several devices or machines. What is trained is the same, to rounding;
    a run goes on with any number of them. Only the chief of several workers looks at the run directory and writes.

    Raises:
        InputError: bad data (what was done before is saved), a run that exists when `resume` is off, that was begun
            with another config or by an earlier edition of the training rules, that another process trains, or whose
            checkpoints are lost or all damaged; fewer examples in a batch than replicas.
        TrainingStopped: a loss is not finite, what the run needs is exhausted or cannot be written, or another worker
            ended.
    """
    if stop_at is not None and stop_at < 1:
        raise InputError(f"stop_at: expected at least 1, found {stop_at}")
    with contextlib.ExitStack() as held:
        if distribution.is_chief(on):
            held.enter_context(run_directory.alone(run))
        try:
            with workers.one_ends_all(run) if on is not None and on.workers > 1 else contextlib.nullcontext():
                config, last = start.prepared(config, run, resume, stop_at, on)
                if distribution.is_chief(on):
                    run_directory.check_not_lost(run)
                state = State.create(config, on)
                restored = start.restored_or_begun(config, run, state)
                return _Loop(config, run, state, restored, watch).run(last)
        except (tf.errors.ResourceExhaustedError, MemoryError):
            asked = f"width {config.width}, size {config.size}, batch {config.batch}"
            raise TrainingStopped(f"training: memory or disk is exhausted; {asked} need more than there is") from None
        except (OSError, tf.errors.OpError) as error:
            reason = getattr(error, "message", None) or error
            raise TrainingStopped(f"run {run}: cannot go on: {reason}") from None


def _steps_per_call() -> int:
    """Several on a GPU, which then need not wait for the host; one on a CPU, where a step is long and Ctrl-C waits."""
    return 10 if tf.config.list_physical_devices("GPU") else 1


def _near_device(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """With elements copied ahead to the GPU, if there is one."""
    if not tf.config.list_physical_devices("GPU"):
        return dataset
    return dataset.apply(tf.data.experimental.prefetch_to_device("/GPU:0", 2))


class _Loop:
    """One call of `train`: the iterations between two checkpoints and what they show."""

    def __init__(self, config: Config, run: str, state: State, restored: str | None, watch: Watch | None):
        self.config, self.run_directory, self.state, self.watch = config, run, state, watch
        self.is_chief = distribution.is_chief(state.distribution)
        self.checkpoint = state.checkpoint()
        self.saved = checkpoints.iterations(restored) if restored else None  # iterations of the latest checkpoint
        self.validation_step = validation_step(config, state)
        self._make_streams()
        self.freeze_at, self.frozen = round(config.freeze_at * config.iterations), False
        self.pending: list[tuple[int, dict[str, tf.Tensor]]] = []  # first iteration and scalars of calls not read yet
        unfinished = state.unfinished_log.numpy().decode()
        self.logged: dict[str, list[float]] = json.loads(unfinished) if unfinished else {}
        self.shown: dict[str, float] = {}
        self.interrupted = False

    def _make_streams(self) -> None:
        """Training and validation data from where the state is; steps are traced for them."""
        config, state = self.config, self.state
        self.train_stream = self._stream(start.training_files(config), config.seed, state.position, config.augment)
        dataset = self.train_stream.dataset
        self.train_elements = iter(_near_device(dataset) if state.distribution is None else dataset)
        validation_files = list_files(config.data, "val")
        self.validation_elements = iter(
            self._stream(validation_files, config.seed + seeds.VALIDATION, state.validation_position)
        )
        self.traced: dict[bool, Callable[[tf.Tensor], dict[str, tf.Tensor]]] = {}

    def _stream(self, files: list[str], seed: int, position: tf.Variable, augment: bool = False) -> CropStream:
        on, batch = self.state.distribution, self.config.batch
        part = on.part(batch) if on is not None and on.workers > 1 else None
        at = int(position.numpy())
        return CropStream(files, self.config.size, batch=batch, seed=seed, position=at, augment=augment, part=part)

    def run(self, last: int) -> str:
        """Iterate until `last` iterations are done or a signal comes; save; say how it ended."""
        iteration = int(self.state.iteration.numpy())
        progress = Progress("training", last, start=iteration)
        saved = time.monotonic()
        previous = {number: signal.signal(number, self._interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
        logs = os.path.join(self.run_directory, "logs")
        writer = tf.summary.create_file_writer(logs) if self.is_chief else tf.summary.create_noop_writer()
        try:
            with writer.as_default():
                while not self._ended(iteration, last):
                    with self._saved_if_data_is_bad():
                        before, iteration = iteration, self._iterate(iteration, last)
                    if iteration // READ_EVERY > before // READ_EVERY or iteration == last:
                        self._read_losses(leave=0 if iteration == last else 1)
                        if self.is_chief and not self.watch:
                            progress.update(iteration, self._details())
                    if time.monotonic() - saved > 60 * self.config.checkpoint_minutes:
                        self._save(iteration)
                        saved = time.monotonic()
                self._save(iteration)
            if self.state.distribution is not None:
                self.state.distribution.wait()
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
        if self.interrupted:
            return "interrupted"
        return "complete" if iteration >= self.config.total_iterations else "stopped"

    def _ended(self, iteration: int, last: int) -> bool:
        watched = self.watch is not None and self.watch(iteration, self.state.generator)
        return self._is_interrupted() or watched or iteration >= last

    def _is_interrupted(self) -> bool:
        """Of several workers all are at the same iteration, if one is."""
        if self.state.distribution is not None:
            self.interrupted = self.state.distribution.any(self.interrupted)
        return self.interrupted

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        """Finish the iteration under way first; a second signal does not wait for it."""
        self.interrupted = True
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)

    @contextlib.contextmanager
    def _saved_if_data_is_bad(self) -> Iterator[None]:
        """What was done before bad data came is saved."""
        try:
            yield
        except InputError as error:
            iteration = int(self.state.iteration.numpy())
            if not iteration:
                raise
            self._save(iteration)
            command = f"dlss-tf train --run {self.run_directory} --resume"
            again = "give the same command again" if self.watch else command
            raise InputError(
                f"{str(error).rstrip('.')}; the {iteration} iterations done before are saved: mend the data, "
                f"then {again}"
            ) from None

    def _iterate(self, iteration: int, last: int) -> int:
        """Training steps up to whatever comes next, and validation if it does; returns the iterations done then.

        Both in one call, between which nothing is saved: a run never resumes between an update and its validation.
        """
        if iteration == self.config.iterations:
            self._keep_non_adversarial()
        if iteration >= self.freeze_at and not self.frozen:
            self._freeze()
        validation = iteration + VALIDATE_EVERY - iteration % VALIDATE_EVERY
        events = [validation, last, self.config.iterations, self.freeze_at, iteration + _steps_per_call()]
        done = min(event for event in events if event > iteration)
        element = next(self.validation_elements) if done == validation else None  # bad data stops before the update
        with self.train_stream.input_errors():
            scalars = self._steps(iteration >= self.config.iterations)(tf.constant(done - iteration))
        self.pending.append((iteration + 1, scalars))
        if element is not None:
            self._validate(done, element)
        return done

    def _validate(self, iteration: int, element: tuple[tf.Tensor, tf.Tensor]) -> None:
        scalars, images = self.validation_step(*element)
        if iteration % IMAGES_EVERY == 0:
            tf.summary.image("validation input, output, target", images, iteration, max_outputs=12)
        self.pending.append((iteration, scalars))

    def _steps(self, adversarial: bool) -> Callable[[tf.Tensor], dict[str, tf.Tensor]]:
        """The training step of either half, to be called for several iterations; traced when first needed."""
        if adversarial not in self.traced:
            step = train_step(self.config, self.state, adversarial)
            self.traced[adversarial] = many_steps(step, self.train_elements)
        return self.traced[adversarial]

    def _freeze(self) -> None:
        generators.freeze(self.config, self.state.networks)
        self.traced = {}
        self.frozen = True

    def _read_losses(self, leave: int = 0) -> None:
        """Fetch the losses of the calls made, log their means, stop if one is not finite.

        The latest `leave` calls stay for the next time, so that the device goes on while the host looks.
        """
        while len(self.pending) > leave:
            first, scalars = self.pending.pop(0)
            values = {name: np.atleast_1d(value.numpy()) for name, value in scalars.items()}
            for i in range(len(next(iter(values.values())))):
                self._log(first + i, {name: float(each[i]) for name, each in values.items()})

    def _log(self, iteration: int, scalars: dict[str, float]) -> None:
        for name, value in scalars.items():
            if not np.isfinite(value):
                raise TrainingStopped(self._divergence(name, value, iteration))
            self.logged.setdefault(name, []).append(value)
        if iteration % LOG_EVERY == 0:
            self.shown = {**self.shown, **{name: float(np.mean(values)) for name, values in self.logged.items()}}
            for name in self.logged:
                tf.summary.scalar(name, self.shown[name], iteration)
            self.logged = {}

    def _divergence(self, name: str, value: float, iteration: int) -> str:
        kept = checkpoints.saved(self.run_directory)
        last_good = f"the last good checkpoint is {kept[0]}" if kept else "no checkpoint had been saved"
        return f"training: {name} became {value} at iteration {iteration}; {last_good}; a lower learning_rate may help"

    def _details(self) -> str:
        latest = {**{name: float(np.mean(values)) for name, values in self.logged.items()}, **self.shown}
        labels = {f"equation_{number}": f"eq. {number}" for number in (3, 6, 7, 8, 9, 11)}
        labels |= {f"validation_equation_{number}": f"validation eq. {number}" for number in (3, 11)}
        labels["root_mse"] = "root MSE / p"
        labels["validation_mse"] = "validation MSE x 200 / p"
        return " | ".join(f"{label} {latest[name]:.3g}" for name, label in labels.items() if name in latest)

    def _save(self, iteration: int) -> None:
        """A checkpoint, then the generator alone; both appear by renaming, so a kill leaves the last good ones."""
        self._read_losses()
        if not self.is_chief:
            return
        if iteration != self.saved:  # a whole checkpoint is not written over by the same one
            self.state.unfinished_log.assign(json.dumps(self.logged))
            checkpoints.save(self.checkpoint, self.run_directory, iteration)
            self.saved = iteration
        weights.save(self.run_directory, arrays(self.state.generator))

    def _keep_non_adversarial(self) -> None:
        """The generator before its adversarial half, as weights beside which to see what that half does."""
        if not self.is_chief:
            return
        directory = os.path.join(self.run_directory, NON_ADVERSARIAL)
        weights.save(directory, arrays(self.state.generator))
        self.config.replace(adversarial=False).save_in(directory)
