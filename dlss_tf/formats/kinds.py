"""What a file is by its first bytes, whatever it is called: for the sentence on one that its reader does not know."""

from __future__ import annotations

import codecs
import os
import re

FIRST = 512  # bytes that are looked at
LEAST_TEXT = 16  # characters
HDF5 = (".emd", ".hspy", ".hdf5", ".h5", ".nxs", ".app5")
TIFF = (".ome.tif", ".ome.tiff", ".tif", ".tiff")
TEXT = (".rpl", ".xml", ".mib", ".img", ".unf")  # that are text, or may begin with it

#: First bytes, as a pattern; what such a file is; and the suffixes that it may have, of which the first is to be given.
_KINDS: tuple[tuple[bytes, str, tuple[str, ...]], ...] = (
    (rb"\x89PNG\r\n\x1a\n", "a PNG image", (".png",)),
    (rb"II[*+]\x00|MM\x00[*+]", "a TIFF image", (*TIFF[2:], *TIFF[:2])),
    (rb"\x89HDF\r\n\x1a\n", "an HDF5 file", (".h5", *HDF5)),
    (rb"\x93NUMPY", "an array of NumPy's", (".npy",)),
    (rb"\x00\x00\x00\x03.{4}\x00\x00\x00[\x00\x01]", "a DigitalMicrograph file", (".dm3", ".dm4")),
    (rb"\x00\x00\x00\x04.{8}\x00\x00\x00[\x00\x01]", "a DigitalMicrograph file", (".dm4", ".dm3")),
    (rb"II\x97\x01", "a series of TIA's", (".ser",)),
)
#: The same of what is not read whatever it is called, and what to do about it.
_OTHERS: tuple[tuple[bytes, str, tuple[str, ...]], ...] = (
    (rb"version https://git-lfs", "what Git LFS has in place of a file; git lfs pull fetches it", ()),
    (rb"\xff\xd8\xff", "a JPEG picture, whose compression changes values; export a TIFF", ()),
    (rb"GIF8", "a GIF picture; export a TIFF", ()),
    (rb"%PDF-", "a PDF document; export a TIFF", ()),
    (rb"PK\x03\x04", "a ZIP archive, as .npz are, too; unpack it", (".prz", ".elid")),
    (rb"\x1f\x8b\x08|BZh|7z\xbc\xaf|Rar!|\xfd7zXZ", "a packed file; unpack it", ()),
)
_WEB_PAGE = re.compile(
    rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?<(!doctype\s+html|html|head)\b", re.IGNORECASE | re.DOTALL
)


def other_than(path: str, suffix: str) -> str | None:
    """What a file is that is not what its suffix says, and what to do about it; None if that is not known."""
    if os.path.isdir(path):
        return None
    try:
        with open(path, "rb") as file:
            first = file.read(FIRST)
    except OSError:
        return None
    if _WEB_PAGE.match(first):
        return "a web page, as a server gives in place of a file, to log in or for an error; download it again"
    for beginning, kind, suffixes in _KINDS:
        if re.match(beginning, first, re.DOTALL) and suffix not in suffixes:
            return f"{kind}; call it {os.path.basename(path)[: -len(suffix)]}{suffixes[0]}"
    for beginning, kind, suffixes in _OTHERS:
        if re.match(beginning, first) and suffix not in suffixes:
            return kind
    if not first.strip(b"\0") and _is_zero(path):
        return "nothing but zeros, as after a copy that failed; copy it again"
    return "text, not an image" if suffix not in TEXT and _is_text(first) else None


def _is_zero(path: str) -> bool:
    """Of a file that begins so."""
    with open(path, "rb") as file:
        return all(not chunk.strip(b"\0") for chunk in iter(lambda: file.read(2**20), b""))


def _is_text(first: bytes) -> bool:
    """Whether a person can read it, but for a character that is cut at the end."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(first)
    except UnicodeDecodeError:
        return False
    return len(text) >= LEAST_TEXT and all(each.isprintable() or each in "\t\r\n\f" for each in text)
