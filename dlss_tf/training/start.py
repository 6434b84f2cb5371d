"""What happens before the first iteration of a call: the run directory, its state, and the files to train on."""

from __future__ import annotations

import json

from .. import weights
from .._compat import assign
from ..config import Config
from ..data.crops import CropStream
from ..data.examples import draw_factors
from ..data.files import balanced, digest_of_names, list_files
from ..errors import InputError
from ..models import generators
from . import averages, checkpoints, run_directory
from .distribution import Distribution, is_chief
from .replay import Replay
from .state import State


def prepared(
    config: Config, run: str, resume: bool, stop_at: int | None, on: Distribution | None
) -> tuple[Config, int]:
    """The run's config and last iteration; of several workers the chief prepares the run directory, and tells these."""

    def prepare() -> tuple[Config, int]:
        if on is not None:
            on.check(config)
        prepared = run_directory.prepare(config, run, resume)
        return prepared, min(stop_at or prepared.total_iterations, prepared.total_iterations)

    if on is None or on.workers == 1:
        return prepare()

    def say() -> str:
        prepared, last = prepare()
        return json.dumps([prepared.to_json(), last, digest_of_names(training_files(prepared))])

    fields, last, digest = json.loads(on.told_by_chief(say))
    config = Config().replace(**json.loads(fields))
    if digest_of_names(training_files(config)) != digest:
        raise InputError(f"data {', '.join(config.data)}: expected the chief's files at every worker, found others")
    return config, last


def restored_or_begun(config: Config, run: str, state: State) -> str | None:
    """The state of the latest checkpoint, whose path this is, or as a run begins; every worker's is the chief's."""
    restored = None
    if is_chief(state.distribution):
        restored = checkpoints.restore(state, run)
        if restored is None:
            begin(config, state)
    if state.distribution is not None:
        state.distribution.as_chief(state.numbers())
    return restored


def begin(config: Config, state: State) -> None:
    """Initialisation pass, weights to start from, a full replay buffer.

    Raises:
        InputError: weights to start from that do not fit.
    """
    generators.initialize(config, state.networks)
    if config.start_from:
        _, values = weights.load(config.start_from)
        try:
            assign(state.networks.generator, values)
        except (KeyError, ValueError) as error:
            raise InputError(f"start_from {config.start_from}: does not fit its config.json: {error}") from None
        if config.adversarial:
            state.iteration.assign(config.iterations)  # they are what the non-adversarial half has made
    averages.start(state)
    if state.replay is not None:
        _fill(config, state, state.replay)


def _fill(config: Config, state: State, replay: Replay) -> None:
    """Put the first crops of the training stream into the replay buffer."""
    stream = iter(CropStream(training_files(config), config.size, seed=config.seed, augment=config.augment))
    for index, (positions, crops) in zip(range(replay.members), stream):
        replay.fill(index, crops[0], draw_factors(positions, config.factors, config.seed)[0])
        state.position.assign(positions[-1] + 1)


def training_files(config: Config) -> list[str]:
    """In the order of the training stream; some more than once, if folders are to be balanced."""
    return (balanced if config.balance_data else list_files)(config.data, "train")
