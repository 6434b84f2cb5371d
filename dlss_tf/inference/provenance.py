"""How an image is made: code, weights, factor and options, as plain data (`formats.notes`) for the files it goes to."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from typing import Any

from .. import software, weights
from . import runtimes
from .options import Options


def made_by(weights_or_name: str | None, tile: int, runtime: str | None = None) -> dict[str, Any]:
    """By what: as `software.described`, the runtime's version, and the generator's `weights.identity`."""
    package, *_ = runtimes.NEEDED[runtimes.chosen(runtime)]
    identity = weights.identity(weights_or_name)
    return {**software.described(), package: software.version_of(package), "tile": tile, "generator": identity}


def supersampling(by: Mapping[str, Any], factor: int, options: Options, **more: Any) -> dict[str, Any]:
    """Of an image that is made now `by` that, such as `made_by` tells; `more` goes before by what."""
    generator = dict(by["generator"])
    if not options.uncertainty:
        generator.pop("spread_sha256", None)  # which had no part in it
    chosen = {name: value for name, value in dataclasses.asdict(options).items() if value is not None}
    how = {"command": "supersample", "factor": int(factor), "options": chosen, **more}
    return {"date": now(), **how, **by, "generator": generator}


def now() -> str:
    """'2026-11-26T21:07:03+00:00'."""
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
