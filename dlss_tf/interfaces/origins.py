"""Where a result came from, for people: what its file says of it, and what makes it again."""

from __future__ import annotations

from .. import micrograph, weights
from ..errors import InputError, shown
from ..formats import ome_zarr
from .again import Provenance, command, options, part
from .outputs import previewed

NO_COMMAND = "by no command: its source was no file, or another version made it"


def contents(path: str) -> list[str]:
    """What a file holds, as `micrograph.contents`, and where it came from if it is one of ours: lines.

    Raises:
        InputError: one sentence that names the file.
    """
    if path.rstrip("/").lower().endswith(ome_zarr.SUFFIX):
        return [*ome_zarr.contents(path), *told(path, ome_zarr.provenance(path))]
    if micrograph.suffix_of(path) == ".png" and (picture := previewed(path)):
        return ["  a picture to look at, beside its result", *told(path, picture)]
    found = micrograph.provenances(path)
    lines = micrograph.contents(path)
    for number, provenance in found:
        lines += [f"image {number}:"] if len(found) > 1 else []
        lines += told(path, provenance)
    return lines


def told(path: str, provenance: Provenance) -> list[str]:
    """Where the result in a file came from, in lines; none if that is not known."""
    if not provenance:
        return []
    generator, source = part(provenance, "generator"), part(provenance, "source")
    lines = [("made", _made(provenance)), ("what", _what(provenance))]
    lines += [("generator", _generator(generator))] if generator else []
    lines += [("source", _source(source))]
    lines += [("again", command(path, provenance) or NO_COMMAND)]
    before = part(source, "provenance")
    texts = [shown(f"  {name:9}  {text}") for name, text in lines]
    if before:
        name = str(source.get("file", "its source"))
        texts += [shown(f"  {'before':9}  {name} was itself made of another:")]
        texts += [f"  {line}" for line in told(name, before)]
    return texts


def _made(provenance: Provenance) -> str:
    whose = "a server's " if provenance.get("server") else ""
    known = {"": "version", "revision ": "revision", "TensorFlow ": "tensorflow", "ONNX Runtime ": "onnxruntime"}
    parts = [f"{word}{provenance[name]}" for word, name in known.items() if name in provenance]
    return f"{provenance.get('date', 'at an unknown time')} by {whose}dlss_tf {', '.join(parts)}"


def _what(provenance: Provenance) -> str:
    """In words, as the history has them."""
    if provenance.get("command") == "downsample":
        return f"every {provenance.get('factor')}th sample of a row and of a column"
    how = options(provenance)
    result = provenance.get("result", "image")
    parts = [f"{result}, supersampled by {provenance.get('factor')}"]
    parts += how.history() if how else []
    parts += ["in the scan's type"] if provenance.get("dtype") == "same" and result == "image" else []
    parts += [f"sent as {provenance['depth']}"] if "depth" in provenance else []
    return "; ".join(parts)


def _generator(generator: Provenance) -> str:
    """Its name and digest, and whether it is the one that is here now."""
    given = str(generator.get("weights") or generator.get("name"))
    parts = {"SHA-256": ("sha256", weights.FILE), "its error bars'": ("spread_sha256", weights.SPREAD_FILE)}
    lines = [given]
    for words, (name, file) in parts.items():
        if name in generator:
            lines.append(f"{words} {generator[name]} ({_here(given, file, generator[name])})")
    return ", ".join(lines)


def _here(given: str, file: str, sha256: object) -> str:
    """Whether the weights that are installed under a name are those."""
    if given.replace("\\", "/").startswith("//"):  # another machine's, which a name in a file is not to have us ask
        return "not looked for"
    try:
        found = weights.digest(given, file)
    except (InputError, OSError, ValueError):
        found = None
    if found is None:
        return "there are none of that name here"
    return "the same as here" if found == sha256 else f"NOT those of that name here, which have {found}"


def _source(source: Provenance) -> str:
    """File, image and digest."""
    parts = [str(source["file"])] if "file" in source else []
    parts += [f"numbers of type {source['dtype']}, shape {source.get('shape')}"] if "dtype" in source else []
    parts += [f"image {source['image']}"] if "image" in source else []
    parts += [f"SHA-256 {source['sha256']}"] if "sha256" in source else []
    return ", ".join(parts) or "an array; no file is known"
