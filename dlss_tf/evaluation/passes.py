"""One pass over many images in constant memory that can be interrupted, killed and begun again where it was."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..formats import locks, npz
from ..formats.replacing import clear, replacing
from ..progress import Progress
from .images import central_crops

SAVE_EVERY = 20.0  # s

Values = dict[str, Any]  # of one image, as JSON holds them
Sums = dict[str, np.ndarray]  # over images, float64, by name
Measure = Callable[[np.ndarray], tuple[Values, Mapping[str, np.ndarray]]]


def one_pass(
    path: str,
    identity: Mapping[str, Any],
    files: Sequence[str],
    size: int,
    measure: Measure,
    publish: Callable[[dict[str, Values], Sums], None] | None = None,
) -> tuple[dict[str, Values], Sums]:
    """Measure the central size x size px of every file: values of each by path, and sums of arrays over all.

    How far it is stands in `path`.part.npz, saved every 20 s and when it is interrupted, and is gone when it is done.
    Meanwhile nobody else may work at `path`.

    Args:
        path: where the results go, without their ending; its folder exists.
        identity: all that values depend on, as JSON holds it; what another identity has left is begun anew.
        files: TIFF files, in an order that stays.
        size: px.
        measure: of a crop [size, size] in [0, 1], its values, and arrays to be summed over images.
        publish: called with what there is whenever it is saved, so that results appear as they come.

    Raises:
        InputError: more than 1 in 100 of the files to come, or all of them, are bad; or another process works there.
    """
    with locks.of(path):
        return _pass(path, identity, files, size, measure, publish)


def _pass(
    path: str,
    identity: Mapping[str, Any],
    files: Sequence[str],
    size: int,
    measure: Measure,
    publish: Callable[[dict[str, Values], Sums], None] | None,
) -> tuple[dict[str, Values], Sums]:
    clear(os.path.dirname(path))
    state = _State(f"{path}.part.npz", identity)
    progress = Progress(os.path.basename(path), len(files), start=state.done)
    place = {file: i for i, file in enumerate(files)}
    saved = time.monotonic()
    try:
        for file, crop in central_crops(files[state.done :], size):
            values, arrays = measure(crop)
            state.add(file, values, arrays, place[file] + 1)
            progress.update(state.done)
            if time.monotonic() - saved > SAVE_EVERY:
                state.save()
                if publish:
                    publish(state.values, state.sums)
                saved = time.monotonic()
    except BaseException:
        state.save()
        raise
    state.remove()
    return state.values, state.sums


class _State:
    """What has been measured, and how many files that were."""

    def __init__(self, path: str, identity: Mapping[str, Any]) -> None:
        self.path, self.identity = path, json.dumps(identity, sort_keys=True)
        self.done = 0
        self.values: dict[str, Values] = {}
        self.sums: Sums = {}
        self._load()

    def add(self, file: str, values: Values, arrays: Mapping[str, np.ndarray], done: int) -> None:
        self.values[file] = values
        for name, array in arrays.items():
            self.sums[name] = self.sums.get(name, 0) + np.asarray(array, np.float64)
        self.done = done

    def save(self) -> None:
        if self.done:
            text = json.dumps({"identity": self.identity, "done": self.done, "values": self.values})
            sums = {f"sum {name}": array for name, array in self.sums.items()}
            with replacing(self.path) as beside:
                npz.write(beside, {"text": np.frombuffer(text.encode(), np.uint8), **sums})

    def remove(self) -> None:
        if os.path.exists(self.path):
            os.remove(self.path)

    def _load(self) -> None:
        try:
            with np.load(self.path, allow_pickle=False) as file:
                held = json.loads(file["text"].tobytes())
                if held["identity"] == self.identity:
                    self.done, self.values = held["done"], held["values"]
                    self.sums = {name[4:]: file[name] for name in file.files if name.startswith("sum ")}
        except FileNotFoundError:
            pass
        except Exception:  # damaged, in any of the ways that NumPy and zipfile know: begun anew
            self.done, self.values, self.sums = 0, {}, {}
