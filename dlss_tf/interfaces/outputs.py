"""Where results go: named after their sources, and nothing that is there is lost but what was named."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from .. import micrograph
from ..errors import InputError, reason
from ..formats import digests, names, png
from ..formats.contents import Choice
from ..inference.options import Options
from ..suggestions import did_you_mean

PREVIEW = "preview"  # the picture beside a result


def output_path(source: str, out: str | None, factor: int, suffix: str, name: str = "x") -> str:
    """Where the result for `source` goes: `out` if it is a file's name, else `NAME-x5.tif` in it or beside `source`.

    A name with a suffix that can be written is a file's; anything else is a folder's.
    """
    if out and is_file_name(out):
        return out
    return os.path.join(out or os.path.dirname(source), f"{micrograph.stem_of(source)}-{name}{factor}{suffix}")


def beside_path(target: str, what: str) -> str:
    """Where that of `names_beside` goes, of the image in `target`: `NAME-uncertainty` beside it, with its suffix."""
    name = f"{micrograph.stem_of(target)}-{what}{'.png' if what == PREVIEW else micrograph.suffix_of(target)}"
    return os.path.join(os.path.dirname(target), name)


def is_file_name(out: str) -> bool:
    """Whether results that go to `out` are one file: a folder is none unless it is a file of that format."""
    return bool(micrograph.suffix_of(out)) and (not os.path.isdir(out) or is_store(out))


def is_store(path: str) -> bool:
    """Whether it is a folder that is a file: Zarr's."""
    signs = (".zgroup", ".zarray", "zarr.json")
    folder = micrograph.suffix_of(path) in micrograph.FOLDERS and os.path.isdir(path)
    return folder and any(os.path.exists(os.path.join(path, name)) for name in signs)


def check_out(sources: Sequence[str], out: str | None) -> None:
    """InputError if several files would become one."""
    if len(sources) > 1 and out and is_file_name(out):
        raise InputError(f"--out {out}: expected a folder for {len(sources)} files, found a file's name")


def check_format(suffix: str) -> None:
    """InputError unless results can have it."""
    if suffix not in micrograph.WRITABLE:
        known = [each[1:] for each in micrograph.WRITABLE]
        raise InputError(
            f"--format: expected one of {', '.join(known)}, found {suffix[1:]}{did_you_mean(suffix[1:], known)}"
        )


@dataclasses.dataclass(frozen=True)
class Job:
    """An image of a source, the files that come of it, and why they cannot, if that is known before the work."""

    source: str
    targets: Mapping[str, str]  # where the image goes, and what comes beside it; none if the source cannot be read
    refusal: InputError | None = None
    image: Choice = None
    skipped: bool = False  # the files are there, and stay

    @property
    def to_do(self) -> bool:
        """Whether it is neither refused nor skipped."""
        return not self.refusal and not self.skipped


def plan(
    sources: Sequence[str],
    out: str | None,
    factor: int,
    suffix: str,
    name: str = "x",
    *,
    image: Choice = None,
    beside: Sequence[str] = (),
    overwrite: bool = False,
    skip_existing: bool = False,
) -> list[Job]:
    """Where the results of a command go, all of them checked by `check_outputs` before any work.

    `image` is as `micrograph.choices` takes it: one job a source, or of all images of one as many as these. With
    `skip_existing` those are skipped whose files are all there.
    """
    taken: dict[str, str] = {}
    scans = {_identity(source): source for source in sources}
    jobs = []
    for source in sources:
        try:
            micrograph.check_there(source)
            chosen = micrograph.choices(source, image)
            check_out([source] * len(chosen), out)
        except InputError as error:
            jobs.append(Job(source, {}, error, image))
            continue
        for choice, part in chosen:
            targets = outputs(output_path(source, out, factor, suffix, part + name), beside)
            skipped = skip_existing and all(_is_result(path) for what, path in targets.items() if what != PREVIEW)
            refusal = None
            try:
                check_outputs(source, targets, overwrite, taken, scans, image=choice, writes=not skipped)
            except InputError as error:
                refusal = error
            jobs.append(Job(source, targets, refusal, choice, skipped and not refusal))
    return jobs


def names_beside(options: Options, preview: bool) -> tuple[str, ...]:
    """What comes beside the image: of `options.BESIDE`, and `PREVIEW`."""
    return (*options.beside, *([PREVIEW] if preview else []))


def outputs(target: str, beside: Sequence[str]) -> dict[str, str]:
    """The files that come of one source: the "target", an image, and by their names what comes `beside` it."""
    return {"target": target, **{what: beside_path(target, what) for what in beside}}


def check_outputs(
    source: str,
    targets: Mapping[str, str],
    overwrite: bool,
    taken: dict[str, str],
    scans: Mapping[object, str] | None = None,
    *,
    image: Choice = None,
    writes: bool = True,
) -> None:
    """`check_output` for all `outputs` of a source, if it `writes` them; then their places are `taken` by it.

    A preview of ours of the same `image` of that source, such as one of a result in another format, may be replaced.

    Raises:
        InputError: one is taken by another source, whether `overwrite` or not, or is one of `scans`.
    """
    for what, target in targets.items():
        other = taken.get(names.place(target), source)
        if other != source:
            raise InputError(f"{source}: expected a result of its own name, found {target} to be that of {other}")
        if writes:
            check_output(source, target, overwrite or what == PREVIEW and _is_preview_of(target, source, image))
        scan = (scans or {}).get(_identity(target))
        if scan is not None:
            raise InputError(f"{source}: expected a result that is no scan of this command, found {scan}")
    taken.update((names.place(target), source) for target in targets.values())


def _identity(path: str) -> object:
    """One for all names of a file."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return os.path.realpath(path)
    if not status.st_ino:  # of some network drives, to Windows
        return names.place(path)
    return status.st_dev, status.st_ino


def check_output(source: str, target: str, overwrite: bool) -> None:
    """InputError, before any work, if `target` cannot be written, or would destroy the scan or another file.

    Only `overwrite` lets it replace a file that is not the scan, and that only by a file, or a Zarr store by another.
    """
    micrograph.check_suffix(target)
    if bad := names.refusal(target):
        raise InputError(f"{target}: expected a name that a file can have, found {bad}")
    folder = names.nearest(os.path.dirname(target))
    if not os.path.isdir(folder) or not os.access(folder, os.W_OK):
        raise InputError(f"{target}: expected a folder that can be written, found {folder} which cannot")
    if not _is_there(target):
        return
    if os.path.exists(source) and os.path.exists(target) and os.path.samefile(source, target):
        raise InputError(f"{target}: expected another file than the scan itself as --out")
    if not overwrite:
        raise InputError(f"{target}: expected no file, found one; give --overwrite or another --out")
    expected = "a Zarr store" if micrograph.suffix_of(target) in micrograph.FOLDERS else "a file"
    found = "a Zarr store" if is_store(target) else "a folder" if os.path.isdir(target) else "a file"
    if found != expected:
        raise InputError(f"{target}: expected {expected} to replace, found {found}")


def previewed(path: str) -> Mapping[str, Any]:
    """Where a preview that we made came from, as it tells; {} of any other file."""
    with contextlib.suppress(OSError):
        found = png.provenance(path) if os.path.isfile(path) else {}
        if found.get("result") == PREVIEW and isinstance(found.get("source"), Mapping):
            return found
    return {}


def is_preview(path: str, origin: Mapping[str, object]) -> bool:
    """Whether a file is a preview that we made of what `results.source_of` tells: the same bytes, the same image."""
    source = previewed(path).get("source", {})
    return bool(source.get("sha256")) and all(source.get(name) == origin.get(name) for name in ("sha256", "image"))


def _is_preview_of(path: str, source: str, image: Choice) -> bool:
    """`is_preview` of an image of a source that is not read yet."""
    told = previewed(path).get("source", {})
    try:
        if not told or told.get("sha256") != digests.of_file(source):
            return False
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # reading it for its result tells them
            number = micrograph.read(source, image).number if "image" in told else None
    except (InputError, OSError):  # which is said when it is read for its result
        return False
    return is_preview(path, {**told, "image": number})


def _is_result(path: str) -> bool:
    return os.path.isfile(path) or is_store(path)


def _is_there(path: str) -> bool:
    """InputError for a name that no file can have."""
    try:
        os.lstat(path)
    except FileNotFoundError:
        return False
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: expected a name that a file can have, found: {reason(error)}") from None
    return True
