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
from .._compat import arrays, variables
from ..config import Config
from ..data import seeds
from ..data.crops import CropStream
from ..data.examples import draw_factors
from ..data.files import balanced, list_files
from ..errors import InputError, TrainingStopped
from ..models import generators
from ..progress import Progress
from . import averages, checkpoints, run_directory
from .replay import Replay
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
    config: Config, run: str, *, resume: bool = False, stop_at: int | None = None, watch: Watch | None = None
) -> str:
    """Train what `config` asks for into the run directory `run`; returns "complete", "stopped" or "interrupted".

    An iteration is an update of the weights; a validation step follows every 50th and is none. `stop_at` ends the run
    after that many iterations of the schedule ("stopped"); SIGINT or SIGTERM ends it after the iteration under way and
    the validation step that may follow it ("interrupted"). Either way a checkpoint and the generator's weights are
    saved, and `resume` continues as if nothing had happened. Without data, simulated crops are made first. A generator
    to start from (`start_from`) takes the place of an adversarial run's non-adversarial half, which is left out.
    `watch` may end it earlier ("stopped"), and shows how far it is.

    Raises:
        InputError: bad data (what was done before is saved), a run that exists when `resume` is off, that was begun
            with another config or by an earlier edition of the training rules, that another process trains, or whose
            checkpoints are lost or all damaged.
        TrainingStopped: a loss is not finite, or what the run needs is exhausted or cannot be written.
    """
    if stop_at is not None and stop_at < 1:
        raise InputError(f"stop_at: expected at least 1, found {stop_at}")
    with run_directory.alone(run):
        config = run_directory.prepare(config, run, resume)
        try:
            run_directory.check_not_lost(run)
            state = State.create(config)
            restored = checkpoints.restore(state, run)
            if restored is None:
                _start(config, state)
            return _Loop(config, run, state, restored, watch).run(
                min(stop_at or config.total_iterations, config.total_iterations)
            )
        except (tf.errors.ResourceExhaustedError, MemoryError):
            asked = f"width {config.width}, size {config.size}, batch {config.batch}"
            raise TrainingStopped(f"training: memory or disk is exhausted; {asked} need more than there is") from None
        except (OSError, tf.errors.OpError) as error:
            reason = getattr(error, "message", None) or error
            raise TrainingStopped(f"run {run}: cannot go on: {reason}") from None


def _start(config: Config, state: State) -> None:
    """What happens before the first iteration: initialisation pass, weights to start from, a full replay buffer."""
    generators.initialize(config, state.networks)
    if config.start_from:
        _, values = weights.load(config.start_from)
        try:
            for name, variable in variables(state.networks.generator).items():
                variable.assign(values[name])
        except (KeyError, ValueError) as error:
            raise InputError(f"start_from {config.start_from}: does not fit its config.json: {error}") from None
        if config.adversarial:
            state.iteration.assign(config.iterations)  # they are what the non-adversarial half has made
    averages.start(state)
    if state.replay is not None:
        _fill(config, state, state.replay)


def _fill(config: Config, state: State, replay: Replay) -> None:
    """Put the first crops of the training stream into the replay buffer."""
    stream = iter(CropStream(_training_files(config), config.size, seed=config.seed, augment=config.augment))
    for index, (positions, crops) in zip(range(replay.members), stream):
        replay.fill(index, crops[0], draw_factors(positions, config.factors, config.seed)[0])
        state.position.assign(positions[-1] + 1)


def _training_files(config: Config) -> list[str]:
    return (balanced if config.balance_data else list_files)(config.data, "train")


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
        self.train_stream = self._stream(_training_files(config), config.seed, state.position, config.augment)
        self.train_elements = iter(_near_device(self.train_stream.dataset))
        validation_files = list_files(config.data, "val")
        self.validation_elements = iter(
            self._stream(validation_files, config.seed + seeds.VALIDATION, state.validation_position)
        )
        self.traced: dict[bool, Callable[[tf.Tensor], dict[str, tf.Tensor]]] = {}

    def _stream(self, files: list[str], seed: int, position: tf.Variable, augment: bool = False) -> CropStream:
        start = int(position.numpy())
        return CropStream(files, self.config.size, batch=self.config.batch, seed=seed, position=start, augment=augment)

    def run(self, last: int) -> str:
        """Iterate until `last` iterations are done or a signal comes; save; say how it ended."""
        iteration = int(self.state.iteration.numpy())
        progress = Progress("training", last, start=iteration)
        saved = time.monotonic()
        previous = {number: signal.signal(number, self._interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
        writer = tf.summary.create_file_writer(os.path.join(self.run_directory, "logs"))
        try:
            with writer.as_default():
                while not self._ended(iteration, last):
                    with self._saved_if_data_is_bad():
                        before, iteration = iteration, self._iterate(iteration, last)
                    if iteration // READ_EVERY > before // READ_EVERY or iteration == last:
                        self._read_losses(leave=0 if iteration == last else 1)
                        if not self.watch:
                            progress.update(iteration, self._details())
                    if time.monotonic() - saved > 60 * self.config.checkpoint_minutes:
                        self._save(iteration)
                        saved = time.monotonic()
                self._save(iteration)
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
        if self.interrupted:
            return "interrupted"
        return "complete" if iteration >= self.config.total_iterations else "stopped"

    def _ended(self, iteration: int, last: int) -> bool:
        return self.interrupted or bool(self.watch and self.watch(iteration, self.state.generator)) or iteration >= last

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
            again = (
                "give the same command again" if self.watch else f"dlss-tf train --run {self.run_directory} --resume"
            )
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
        if iteration != self.saved:  # a whole checkpoint is not written over by the same one
            self.state.unfinished_log.assign(json.dumps(self.logged))
            checkpoints.save(self.checkpoint, self.run_directory, iteration)
            self.saved = iteration
        weights.save(self.run_directory, arrays(self.state.generator))

    def _keep_non_adversarial(self) -> None:
        """The generator before its adversarial half, as weights beside which to see what that half does."""
        directory = os.path.join(self.run_directory, NON_ADVERSARIAL)
        weights.save(directory, arrays(self.state.generator))
        self.config.replace(adversarial=False).save_in(directory)
