"""A TensorFlow Serving elsewhere, which has the generator, asked over its REST API."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import lattice
from ..config import Config
from ..errors import InputError
from ..inference import tiles
from ..inference.requirements import SCANS_STEP
from ..inference.supersampler import Supersampler
from .forward import Unavailable, fetch, model_url

ITS_FACTORS = tuple(range(lattice.MIN_FACTOR, lattice.MAX_FACTOR + 1))  # the model itself refuses others


def supersampler(url: str) -> Supersampler:
    """A Supersampler whose passes are the server's."""
    url = model_url(url)
    config = Config().replace(factors=ITS_FACTORS)
    return Supersampler.of_passes(url.rpartition("/")[2], config, BackendPasses(url))


class BackendPasses:
    """As `inference.passes.Passes`, by the signature `serving_default` of a model at `url`, of one size."""

    def __init__(self, url: str):
        self._url = url
        self._side: int | None = None

    def __call__(
        self,
        unit: np.ndarray,
        size: Sequence[int],
        factor: int,
        first: Sequence[int | None] = (0, 0),
        report: Callable[[], None] = lambda: None,
    ) -> np.ndarray:
        """Images [b, *size, 1] for scans [b, h, w] in [0, 1] whose first sample is the image's first pixel."""

        def run(part: np.ndarray) -> np.ndarray:
            image = self._complete(part, factor)
            report()
            return image

        tiling = self._tiling(size, factor)
        return np.stack([tiles.complete(run, each, *tiling) for each in lattice.infill(unit, size, factor, (0, 0))])

    def count(self, scans: int, size: Sequence[int], factor: int) -> int:
        """How many requests that many scans take."""
        return scans * tiles.passes(size, *self._tiling(size, factor))

    def _tiling(self, size: Sequence[int], factor: int) -> tuple[int, int, int]:
        """Side of a tile and what tiles' starts are multiples of, px; one tile a request.

        Raises:
            InputError: the model's images are too small to be tiles of one of that size.
        """
        tile, step = tiles.fitted(self.side - lattice.offset(self.side, factor), SCANS_STEP * factor)
        if max(size) > tile and tile < tiles.OVERLAP + step:
            most = f"at most {tile // factor} samples a side for a model's images of {self.side} px"
            raise InputError(f"scan: expected {most}, found {[side // factor for side in size]}")
        return tile, step, 1

    def _complete(self, tiles_of: np.ndarray, factor: int) -> np.ndarray:
        """Images [b, h, w, 1] for tiles [b, h, w], nearest-infilled from their first pixel on."""
        scans = tiles_of[:, ::factor, ::factor]
        count = lattice.count(self.side, factor)
        more = [(0, count - side) for side in scans.shape[1:]]
        scans = np.pad(scans, [(0, 0), *more], mode="symmetric")
        image = lattice.infill(scans, (self.side, self.side), factor)[..., None]
        question = {"signature_name": "serving_default", "inputs": {"image": image.tolist()}}
        output = np.asarray(self._ask(":predict", question)["outputs"], np.float32)
        if output.shape != image.shape:
            raise Unavailable(f"{self._url}: expected images {list(image.shape)}, found {list(output.shape)}")
        start = lattice.offset(self.side, factor)
        return output[:, start : start + tiles_of.shape[1], start : start + tiles_of.shape[2]]

    @property
    def side(self) -> int:
        """The side of the model's images in px."""
        if self._side is None:
            try:
                signature = self._ask("/metadata")["metadata"]["signature_def"]["signature_def"]["serving_default"]
                self._side = int(signature["inputs"]["image"]["tensor_shape"]["dim"][1]["size"])
            except (LookupError, TypeError, ValueError):
                raise Unavailable(
                    f"{self._url}: expected the metadata of an exported generator, found others"
                ) from None
        return self._side

    def _ask(self, what: str, question: Any = None) -> Any:
        body = None if question is None else json.dumps(question).encode()
        status, content = fetch(self._url + what, body)
        try:
            answer = json.loads(content)
            said = str(answer.get("error", "")) if status != 200 else ""
        except (ValueError, AttributeError):
            raise Unavailable(f"{self._url}: expected JSON, found another answer, {status}") from None
        if status == 400:
            raise InputError(said)
        if status != 200:
            raise Unavailable(f"{self._url}: expected an answer, found {status} {said[:200]}")
        return answer
