"""The plugin's work: the images of a scan of any number of axes. May import TensorFlow, so not in napari's process."""

from __future__ import annotations

import dataclasses
import json
import sys
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...errors import InputError
from ...inference.options import IMAGES, Options
from ...inference.provenance import supersampling

if TYPE_CHECKING:
    from ...inference.supersampler import Supersampler

OnProgress = Callable[[int, int], None]


@dataclasses.dataclass(frozen=True)
class Request:
    """What to supersample by; plain data, to be sent to another process."""

    factor: int
    weights: str | None = None
    options: Options = Options()

    def to_json(self) -> str:
        """As `from_json` takes it."""
        return json.dumps(dataclasses.asdict(self))

    @staticmethod
    def from_json(text: str) -> Request:
        """The request that `to_json` made the text of."""
        fields = json.loads(text)
        return Request(**{**fields, "options": Options(**fields["options"])})


class Done(NamedTuple):
    """What came of a request."""

    images: dict[str, np.ndarray]  # of options.IMAGES those that were asked for
    provenance: dict[str, Any]  # as `inference.provenance.supersampling`, of who did it


def supersample(scan: np.ndarray, request: Request, on_progress: OnProgress | None = None) -> Done:
    """Images [..., factor h, factor w], float32, for a scan [..., h, w], and by what they were made.

    `on_progress` is `Supersampler`'s: what it raises ends the work.

    Raises:
        InputError: what `Supersampler` refuses, and if nothing runs a generator here.
    """
    supersampler = _supersampler(request.weights)
    made = supersampler.run(scan, request.factor, request.options, on_progress)
    images = {name: image for name in IMAGES if (image := getattr(made, name)) is not None}
    return Done(images, supersampling(supersampler.made_by, request.factor, request.options))


def _supersampler(weights: str | None) -> Supersampler:
    """Without the warnings of what it imports, so that a warning that is seen is ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from ...inference import runtimes
        from ...inference.supersampler import Supersampler

        try:
            runtime = runtimes.started()
        except InputError as error:
            raise InputError(f"{error}; or choose another environment than {sys.prefix}") from error
        return Supersampler(weights, runtime=runtime)
