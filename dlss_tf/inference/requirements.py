"""What a generator takes: which factors, tiles of which sides, images padded how."""

from __future__ import annotations

from .. import lattice
from ..config import Config
from ..errors import InputError, warn
from ..models import SIDE_MULTIPLE

SMALLEST_TILE = 512
SCANS_STEP = 16  # samples, of a scan-grid generator: a step of its longest windows, a multiple of its quarter grid


def check_tile(tile: int) -> None:
    """InputError unless tiles of this side can be cut and put together."""
    if tile < SMALLEST_TILE or tile % SIDE_MULTIPLE:
        raise InputError(f"tile: expected a multiple of {SIDE_MULTIPLE} px, at least {SMALLEST_TILE}, found {tile}")


def padding_of(config: Config, factor: int, side: int, first: int | None = None) -> tuple[int, int]:
    """Pixels to add before and after an axis, to a multiple of what the network takes, and so that its lattice fits.

    Networks that take the lattice's samples out of an image expect the first, number `first` here, where the lattice
    has it on the padded side.
    """
    multiple = 1 if config.network == "scan-grid" else SIDE_MULTIPLE
    before, padded = 0, side + -side % multiple
    if config.network != "two-stage":
        first = lattice.offset(side, factor) if first is None else first
        while side + (before := (lattice.offset(padded, factor) - first) % factor) > padded:
            padded += multiple
    return before, padded - side - before


def check_factor(config: Config, factor: int) -> int:
    """Return it as an int; InputError unless the generator of that config takes it."""
    factor = lattice.check_factor(factor)
    if config.network != "two-stage" and factor not in config.factors:
        taken = ", ".join(map(str, sorted(set(config.factors))))
        only = f"{taken}, the only one" if len(set(config.factors)) == 1 else f"one of {taken}, the only ones"
        raise InputError(f"factor: expected {only} that this {config.network} generator takes, found {factor}")
    return factor


def factors_taken(config: Config) -> list[int]:
    """The factors that a generator of that config takes."""
    anything = range(lattice.MIN_FACTOR, lattice.MAX_FACTOR + 1)
    return list(anything if config.network == "two-stage" else sorted(set(config.factors)))


def warn_if_untrained(config: Config, factor: int) -> None:
    """Warn of a factor that the generator of that config was not trained for."""
    if factor not in config.factors:
        trained = ", ".join(map(str, config.factors))
        warn(f"factor {factor}: this generator was trained for {trained}; expect less of it", stacklevel=5)


def step_of(config: Config, factor: int) -> int:
    """What tiles' starts are multiples of, px: they cut an image where the generator's own grids do."""
    return {"two-stage": SIDE_MULTIPLE, "one-stage": factor, "scan-grid": SCANS_STEP * factor}[config.network]
