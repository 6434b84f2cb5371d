"""The command that makes a result again, of what its file says of it; that may be anyone's file."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from typing import Any

from .. import lattice, micrograph, shell
from ..errors import InputError
from ..inference.options import BESIDE, Options
from ..inference.runtimes import NEEDED
from .outputs import PREVIEW

FOLDER = "again"  # for what is made again: nothing that is there is in its way
TILE = 1024  # px, unless it is said
PACKAGES = {name: package for name, (package, *_) in NEEDED.items()}  # whose versions say what ran the generator
Provenance = Mapping[str, Any]


def command(path: str, provenance: Provenance) -> str:
    """What makes the result in a file again, for a POSIX shell, into the folder `FOLDER`, or for Python; "" if nothing.

    Every word of it is quoted, whatever the file says.
    """
    factor, how = provenance.get("factor"), options(provenance)
    if not isinstance(factor, int) or not lattice.MIN_FACTOR <= factor <= lattice.MAX_FACTOR or how is None:
        return ""
    call, file = provenance.get("command"), part(provenance, "source").get("file")
    if call in _CALLS:
        return _python(str(call), provenance, how)
    if call not in ("supersample", "downsample") or not isinstance(file, str):
        return ""
    words = ["dlss-tf", str(call), os.path.join(".", file) if file.startswith("-") else file]
    words += _option("--image", part(provenance, "source").get("image"))
    words += ["--factor", str(factor)]
    if call == "supersample":
        words += _how(provenance, how)
    return _joined([*words, *_out(path, provenance)])


def _how(provenance: Provenance, how: Options) -> list[str]:
    """The generator, and how it is run."""
    words = _option("--weights", _weights(provenance))
    if provenance.get("tile", TILE) != TILE:
        words += _option("--tile", provenance["tile"])
    for name, package in PACKAGES.items():
        words += ["--runtime", name] if package in provenance else []
    for name, value in vars(how).items():
        if value:
            words += [f"--{name.replace('_', '-')}", *([] if value is True else [value])]
    return words + (["--dtype", "same"] if provenance.get("dtype") == "same" else [])


def _weights(provenance: Provenance) -> object:
    generator = part(provenance, "generator")
    return generator.get("weights") or generator.get("name")


def _option(name: str, value: object) -> list[str]:
    """An option with its value, in one word if that could be taken for another option; nothing without one."""
    text = "" if value is None else str(value)
    return [f"{name}={text}"] if text.startswith("-") else [name, text] if text else []


def _out(path: str, provenance: Provenance) -> list[str]:
    """Where the image goes, beside which an uncertainty goes by itself."""
    stem, suffix = micrograph.stem_of(path), micrograph.suffix_of(path)
    result = provenance.get("result")
    if result in (*BESIDE, PREVIEW):
        stem = stem.removesuffix(f"-{result}")
    if not stem or suffix not in micrograph.WRITABLE:
        return []
    name = os.path.basename(os.path.normpath(path))
    return ["--out", os.path.join(FOLDER, stem + name[len(name) - len(suffix) :])]


def part(provenance: Provenance, name: str) -> Provenance:
    """The mapping of that name in it; an empty one if there is none."""
    found = provenance.get(name)
    return found if isinstance(found, Mapping) else {}


def options(provenance: Provenance) -> Options | None:
    """Those that it was made with; None if this version does not have them."""
    given = part(provenance, "options")
    known = {field.name: field for field in dataclasses.fields(Options)}
    if any(name not in known or not isinstance(value, _kind(known[name])) for name, value in given.items()):
        return None
    try:
        return Options(**given)
    except InputError:
        return None


def _kind(field: dataclasses.Field) -> type:
    return bool if isinstance(field.default, bool) else str


def _joined(words: list[str]) -> str:
    """In one line for a shell; what cannot be shown in $'...', which bash, zsh and ksh know: not in Windows' names."""
    shown = [shell.quote(word) if word.isprintable() else f"$'{''.join(map(_escaped, word))}'" for word in words]
    return " ".join(shown)


def _escaped(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if character.isprintable():
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode(errors="surrogateescape"))


def _python(call: str, provenance: Provenance, how: Options) -> str:
    """What was called, in Python; of scans, which no file tells."""
    changed = {field.name: getattr(how, field.name) for field in dataclasses.fields(how)}
    changed = {name: value for name, value in changed.items() if value}
    given = ", ".join(f"{name}={value!r}" for name, value in changed.items())
    generator = f"{str(_weights(provenance))!r}, {provenance.get('tile', TILE)!r}"
    return _CALLS[call].format(provenance["factor"], generator, f", Options({given})" if given else "")


#: Functions of ours, by what they are called in provenance: of factor, generator and options.
_CALLS = {
    "supersample_lazily": "supersample_lazily(scans, {0}, {1}{2})",
    "ensemble_lazily": "ensemble_lazily(scans, {0}, {1}{2})",
    "supersample_signal": "supersample_signal(signal, {0}, Supersampler({1}){2})",
}
