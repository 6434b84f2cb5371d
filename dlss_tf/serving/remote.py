"""A server's generator in place of a Supersampler: what `dlss-tf supersample --server` runs. Needs no TensorFlow."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from ..config import preset
from ..errors import InputError, warn
from ..formats import notes
from ..inference.guessed import share_guessed
from ..inference.options import IMAGES, Options
from ..interfaces.results import GUESSED
from .client import Client, ServerError, as_npy


class RemoteSupersampler:
    """`RemoteSupersampler(url, token).run(scan, factor)`: scans are sent as they are, images come back in float32.

    Raises:
        InputError: there is no server, or none that has a generator.
    """

    def __init__(self, url: str, token: str = ""):
        self._client = Client(url, token)
        self._url = url
        generator = self._json("info").get("generator")
        if not isinstance(generator, dict):
            raise InputError(f"{url}: expected a server with a generator, found one that has none now")
        self.name = str(generator["name"])
        self.config = preset("quick", generator["network"]).replace(
            width=float(generator["width"]), factors=tuple(generator["trained"])
        )
        told = notes.checked(generator.get("made_by"))
        own = told.get("generator")
        self.made_by = {"server": True, **told, "generator": own if isinstance(own, dict) else {"name": self.name}}

    def run(
        self,
        scan: np.ndarray,
        factor: int,
        options: Options | None = None,
        on_progress: Callable[[int, int], None] | None = None,
        about: str = "scan",
        with_share: bool = False,
    ) -> list[Any]:
        """The images that options ask for, as `options.IMAGES`, None for others, then how much is guessed, or None.

        That is only known where it was asked for and the images show it, which deblurred ones and known samples do not.
        Warnings are `about` that scan.

        Raises:
            InputError: what the server refuses, in its words.
        """
        options = options or Options()
        made = self._json("results", as_npy(np.asarray(scan)), factor=factor, **vars(options))
        for sentence in made["remarks"]:
            if GUESSED not in sentence:  # which is said where it is written
                warn(f"{about}: {sentence.removeprefix('scan.npy: ')}", stacklevel=3)
        where = f"results/{made['id']}"
        try:
            images = {name: self._array(f"{where}/{name}") for name in made["images"] if name in IMAGES}
        finally:
            self._ask(where, method="DELETE")
        shows = with_share and not options.keep_known and options.deblur is None
        image = images["image"].reshape(-1, *images["image"].shape[-2:])
        return [*(images.get(name) for name in IMAGES), share_guessed(image, factor) if shows else None]

    def _ask(self, path: str, content: bytes | None = None, method: str | None = None, **query: Any) -> bytes:
        try:
            return self._client.ask(path, content, method, **query)
        except ServerError as error:
            raise _refusal(error) from None

    def _json(self, path: str, content: bytes | None = None, **query: Any) -> dict:
        try:
            return dict(json.loads(self._ask(path, content, **query)))
        except (ValueError, TypeError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"{self._url}: expected a server of dlss-tf, found another") from None

    def _array(self, path: str) -> np.ndarray:
        try:
            return self._client.array(path, format="npy")
        except ServerError as error:
            raise _refusal(error) from None


def _refusal(error: ServerError) -> InputError:
    """In the server's words, and in those of the command line for its token."""
    how = "; give --token-file, or the variable DLSS_TF_TOKEN" if error.status == 401 else ""
    return InputError(f"{error}{how}")
