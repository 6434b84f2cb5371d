"""A HyperSpy signal goes in and comes out, with calibrated axes. HyperSpy is not imported: who has a signal has it."""

from __future__ import annotations

from typing import Any

from .._version import __version__
from ..errors import InputError
from ..formats import hspy, notes, units
from ..inference.options import Options
from ..inference.provenance import made_by, supersampling
from ..inference.supersampler import Supersampler
from ..lattice import check_factor

Signal = Any  # hyperspy.signals.Signal2D or a class derived from it


def supersample_signal(
    signal: Signal,
    factor: int,
    supersampler: Supersampler | None = None,
    options: Options | None = None,
    **changes: Any,
) -> Signal | tuple[Signal, Signal]:
    """Every image of a 2-D signal supersampled: a new signal of its class, float32, `factor` times larger a side.

    Signal axes keep offset, units and name, and have `factor` times finer a scale: sample [i, j] is the pixel
    [factor i, factor j]. Navigation axes, of any number, and metadata stay; metadata.Processing.dlss_tf and the notes
    say what was done. Options, or single ones by name, are the Supersampler's; with `ensemble` it is (mean, spread),
    with `uncertainty` (image, uncertainty). A lazy signal stays lazy, computed tile by tile as in `lazy`, by a
    Supersampler of the same weights, tile and runtime.

    Raises:
        InputError: another signal dimension, what is not real numbers, diffraction patterns and axes that are not even,
            options that a lazy signal cannot have, and what a Supersampler refuses.
    """
    _check(signal)
    factor = check_factor(factor)
    options = Options.of(options, changes)
    parts = _lazily if signal._lazy else _eagerly
    image, spread = parts(signal.data, factor, supersampler, options)
    by = supersampler.made_by if supersampler else made_by(None, _tile(None))
    done = supersampling(by, factor, options, command="supersample_signal")
    done |= {"source": source} if (source := _source(signal)) else {}
    supersampled = _like(signal, image, f"supersampled {factor}x", {"result": "image", **done})
    if spread is None:
        return supersampled
    return supersampled, _like(signal, spread, f"supersampled {factor}x, spread", {"result": "uncertainty", **done})


def _check(signal: Signal) -> None:
    """InputError unless it is a signal of images of a specimen."""
    manager = getattr(signal, "axes_manager", None)
    if manager is None or not hasattr(signal, "metadata"):
        raise InputError(f"signal: expected a HyperSpy signal, found {type(signal).__name__}")
    if manager.signal_dimension != 2:
        raise InputError(f"signal: expected signal dimension 2, found {manager.signal_dimension}")
    if signal.data.dtype.kind not in "biuf":
        raise InputError(f"signal: expected real numbers, found {signal.data.dtype}")
    if sorted(manager.signal_indices_in_array) != [signal.data.ndim - 2, signal.data.ndim - 1]:
        raise InputError("signal: expected the data's last two axes to be the signal's, found others; transpose it")
    for axis in manager.signal_axes:
        if not axis.is_uniform:
            raise InputError(f"signal: expected axes of even steps, found {type(axis).__name__} {axis.name}")
        if units.is_reciprocal(axis.units):
            raise InputError(f"signal: expected images of a specimen, found diffraction patterns in {axis.units}")
    if "diffraction" in signal.metadata.get_item("Signal.signal_type", ""):
        raise InputError(
            "signal: expected images of a specimen, found signal type " + signal.metadata.Signal.signal_type
        )


def _eagerly(data: Any, factor: int, supersampler: Supersampler | None, options: Options) -> tuple[Any, Any]:
    """float32 [..., H, W], and of an ensemble its spread, else None."""
    return (supersampler or Supersampler()).run(data, factor, options)[:2]


def _lazily(data: Any, factor: int, supersampler: Supersampler | None, options: Options) -> tuple[Any, Any]:
    from ..inference import lazy

    weights, runtime = (supersampler.weights, supersampler.runtime) if supersampler else (None, None)
    if options.ensemble:
        return lazy.ensemble_lazily(data, factor, weights, _tile(supersampler), options, runtime)
    return lazy.supersample_lazily(data, factor, weights, _tile(supersampler), options, runtime), None


def _tile(supersampler: Supersampler | None) -> int:
    return supersampler.tile if supersampler else 1024


def _like(signal: Signal, data: Any, suffix: str, done: dict) -> Signal:
    """A signal as the one that was given, of other data, with finer signal axes."""
    axes = list(signal.axes_manager.as_dictionary().values())
    for axis, size in zip(axes, data.shape):
        if not axis["navigate"]:
            axis["scale"] /= done["factor"]
            axis["size"] = size
    new = type(signal)(
        data,
        axes=axes,
        metadata=signal.metadata.deepcopy().as_dictionary(),
        original_metadata=signal.original_metadata.deepcopy().as_dictionary(),
    )
    if new.metadata.has_item("Signal.Noise_properties"):  # of the scan, and as large as it is
        del new.metadata.Signal.Noise_properties
    title = new.metadata.get_item("General.title", "")
    new.metadata.set_item("General.title", f"{title} ({suffix})".strip())
    new.metadata.set_item("Processing.dlss_tf", done)
    before, _ = notes.split(str(new.metadata.get_item("General.notes", "")).splitlines())
    line = f"{suffix} with dlss_tf {__version__}, generator {done['generator']['name']}"
    new.metadata.set_item("General.notes", "\n".join(notes.lines([*before, line], done)))
    return new


def _source(signal: Signal) -> dict[str, Any]:
    """The file that it was loaded from, by name, and where that came from, as far as its metadata tell."""
    before = hspy.provenance(signal.metadata.as_dictionary())
    known = {"file": str(signal.metadata.get_item("General.original_filename", "")), "provenance": before}
    return {name: value for name, value in known.items() if value}
