"""A run's checkpoints on disk: whole, told from damaged ones by their digests, the last two of them kept."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import warnings

import tensorflow as tf

from ..errors import InputError
from ..formats.digests import of_file
from ..formats.replacing import flush, flush_folder, replacing
from .state import State

FOLDER = "checkpoints"  # in the run directory
KEPT = 2
NOTE = "checkpoint"  # TensorFlow's file of which is the latest; written here, for its tools, never read
_INDEX = re.compile(r"ckpt-(\d+)\.index")  # the last file of a checkpoint that TensorFlow writes
_LEFT = re.compile(r"ckpt-\d+_temp|checkpoint\.tmp\w*|ckpt-(\d+)\.(data-.*|sha256|tempstate.*)")
_FACTORS = "replay/factors/.ATTRIBUTES/VARIABLE_VALUE"  # of the replay buffer, in a checkpoint


def saved(run: str) -> list[str]:
    """Paths of the run's checkpoints without their endings, the latest first."""
    return [os.path.join(run, FOLDER, f"ckpt-{number}") for number in _numbers(os.path.join(run, FOLDER))]


def iterations(path: str) -> int:
    """Those that a checkpoint was saved after, by its name."""
    return int(path.rpartition("-")[2])


def save(checkpoint: tf.train.Checkpoint, run: str, iteration: int) -> None:
    """Write `checkpoints/ckpt-ITERATION`, have it on the disk, then remove all but the last two.

    Beside it its digests, without which a checkpoint counts as well, so that a kill at any moment leaves a whole one.
    """
    folder = os.path.join(run, FOLDER)
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, f"ckpt-{iteration}")
    with contextlib.suppress(FileNotFoundError):
        os.remove(f"{path}.sha256")  # of files that are about to go
    checkpoint.save_counter.assign_add(1)  # `restore` expects one in the files
    checkpoint.write(path)
    for name in _files(path):
        flush(os.path.join(folder, name))
    flush_folder(folder)
    with replacing(f"{path}.sha256") as beside, open(beside, "w", encoding="utf-8") as file:
        file.writelines(f"{of_file(os.path.join(folder, name))}  {name}\n" for name in _files(path))
    older = [number for number in _numbers(folder) if number < iteration]
    _write_note(folder, [*older[: KEPT - 1][::-1], iteration])
    for number in older[KEPT - 1 :]:
        _remove(os.path.join(folder, f"ckpt-{number}"))


def restore(state: State, run: str) -> str | None:
    """Everything from the latest checkpoint that is whole; its path, or None for a run that has saved none yet.

    Damaged ones are told in a warning, and get names under which they are not looked at again. Discriminators stay new
    if a non-adversarial run goes on adversarially.

    Raises:
        InputError: there are checkpoints, but none is whole, or the latest whole one is another run's.
    """
    damaged: dict[str, str] = {}
    for path in saved(run):
        damage = damage_of(path)
        if damage is None:
            _restore(state, path)
            for each, reason in damaged.items():
                warnings.warn(f"{each}: is damaged ({reason}); going on from {path}", stacklevel=2)
                _set_aside(each)
            return path
        damaged[path] = damage
    for path, reason in damaged.items():
        raise InputError(f"{path}: expected a whole checkpoint, found a damaged one, and none before it ({reason})")
    return None


def clear(run: str) -> None:
    """Remove what a kill has left of a checkpoint that it did not let finish. Nobody else may train the run."""
    folder = os.path.join(run, FOLDER)
    numbers = _numbers(folder)
    for name in _names(folder):
        left = _LEFT.fullmatch(name)
        if left and (left[1] is None or int(left[1]) not in numbers):
            path = os.path.join(folder, name)
            if os.path.isdir(path):
                shutil.rmtree(path, ignore_errors=True)
            else:
                os.remove(path)


def noted(run: str) -> bool:
    """Whether there is TensorFlow's note of a checkpoint, which comes with the first."""
    return os.path.exists(os.path.join(run, FOLDER, NOTE))


def _restore(state: State, path: str) -> None:
    try:
        types = tf.train.load_checkpoint(path).get_variable_to_dtype_map()
        checkpoint = state.checkpoint(discriminators=any(name.startswith("discriminators/") for name in types))
        factors = checkpoint.replay["factors"] if types.get(_FACTORS) == tf.int32 else None  # as they once were
        if factors is not None:
            checkpoint.replay = {**checkpoint.replay, "factors": tf.Variable(tf.cast(factors, tf.int32))}
        checkpoint.restore(path).assert_consumed()
        if factors is not None:
            factors.assign(tf.cast(checkpoint.replay["factors"], factors.dtype))
    except (tf.errors.OpError, AssertionError, ValueError, IndexError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(f"{path}: expected this run's checkpoint, found {reason}") from None


def damage_of(path: str) -> str | None:
    """What is wrong with a checkpoint's files: their digests, or if there are none TensorFlow's own checksums, tell."""
    folder = os.path.dirname(path)
    try:
        with open(f"{path}.sha256", encoding="utf-8", errors="replace") as file:
            digests = dict(line.split()[::-1] for line in file.read(10_000).splitlines())
    except (OSError, ValueError):
        digests = {}
    try:
        if digests and sorted(digests) != _files(path):
            return f"expected {', '.join(digests)}, found {', '.join(_files(path))}"
        for name in digests:
            if of_file(os.path.join(folder, name)) != digests[name]:
                return f"{name} is not as it was written"
        if not digests:
            reader = tf.train.load_checkpoint(path)
            for name in reader.get_variable_to_shape_map():
                reader.get_tensor(name)
    except OSError as error:
        return f"{error.filename or path}: {error.strerror}"
    except Exception as error:  # TensorFlow's own, and what a damaged index makes it run into
        return (str(error) or type(error).__name__).splitlines()[0]
    return None


def _numbers(folder: str) -> list[int]:
    """The iterations of all checkpoints that were finished, the latest first."""
    return sorted((int(found[1]) for found in map(_INDEX.fullmatch, _names(folder)) if found), reverse=True)


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _files(path: str) -> list[str]:
    """The names of a checkpoint's own files."""
    folder, name = os.path.split(path)
    return [each for each in _names(folder) if each.startswith((f"{name}.data-", f"{name}.index"))]


def _write_note(folder: str, numbers: list[int]) -> None:
    """TensorFlow's `checkpoint`, for `tf.train.latest_checkpoint`; the latest is the last of `numbers`."""
    names = [f"ckpt-{number}" for number in numbers]
    lines = [f'model_checkpoint_path: "{names[-1]}"', *(f'all_model_checkpoint_paths: "{name}"' for name in names)]
    with replacing(os.path.join(folder, NOTE)) as beside, open(beside, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def _remove(path: str) -> None:
    """The index first: without it the rest counts for nothing."""
    folder = os.path.dirname(path)
    for name in [f"{os.path.basename(path)}.index", *_files(path), f"{os.path.basename(path)}.sha256"]:
        with contextlib.suppress(FileNotFoundError):
            os.remove(os.path.join(folder, name))


def _set_aside(path: str) -> None:
    """Rename a damaged checkpoint's files to `damaged-ckpt-N.*`."""
    folder, prefix = os.path.split(path)
    for name in [*_files(path), f"{prefix}.sha256"]:
        with contextlib.suppress(OSError):
            os.replace(os.path.join(folder, name), os.path.join(folder, f"damaged-{name}"))
