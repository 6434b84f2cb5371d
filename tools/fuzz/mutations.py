"""Ways to damage a file, each a function of its bytes, a source of random numbers and another file to take from."""

from __future__ import annotations

import io
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Callable

Mutation = Callable[[bytes, random.Random, bytes], bytes]

MOST_AT_ONCE = 4  # mutations of one file
HEAD = 512  # bytes, where half of the mutations strike: headers are there
#: Where counts, lengths and offsets overflow, as whole numbers of 1 to 8 bytes take them.
EXTREMES = (0, -1, 1, 2, 255, 2**15, 2**16 - 1, 2**24, 2**31 - 1, 2**31, 2**32 - 1, 2**62, 2**63 - 1, 2**63)
WORDS = (b"0", b"-1", b"1", b"2147483648", b"9223372036854775808", b"1" * 40, b"1e999", b"-1e-999", b"1e-320", b"nan",
         b"-inf", b"0.5", b"", b"true", b"1,5")  # fmt: skip
#: What text should not have: control characters, halves of UTF-8 and UTF-16, breaks, directions, quotes, long words.
ODD = (b"\x1b[31m", b"\0", b"\n", b"\r", b"\x07", b"\x9b", b"\xc2\x9b", b"\xff", b"\xed\xa0\x80", b"\xe2\x80\xa8",
       b"\xe2\x80\xae", b"\x00\xd8", b"\x1b\0", b"\\", b"/", b'"', b"<", b"&#27;", b"\\u001b", b"%s{}",
       b"A" * 5000)  # fmt: skip
PNG = b"\x89PNG\r\n\x1a\n"


def mutated(content: bytes, rng: random.Random, other: bytes) -> bytes:
    """The file after 1 to 4 mutations; of a ZIP's member or a PNG's chunk as often, with checksums that fit."""
    for _ in range(rng.randint(1, MOST_AT_ONCE)):
        change = rng.choice(MUTATIONS)
        inner = _within(content, rng, other, change) if rng.random() < 0.7 else None
        content = change(content, rng, other) if inner is None else inner
    return content


def flip(content: bytes, rng: random.Random, other: bytes) -> bytes:
    """A few bytes are others."""
    changed = bytearray(content)
    for _ in range(rng.randint(1, 8) if content else 0):
        changed[_place(content, rng)] = rng.randrange(256)
    return bytes(changed)


def flip_bit(content: bytes, rng: random.Random, other: bytes) -> bytes:
    """One bit is the other."""
    changed = bytearray(content)
    if content:
        changed[_place(content, rng)] ^= 1 << rng.randrange(8)
    return bytes(changed)


def truncate(content: bytes, rng: random.Random, other: bytes) -> bytes:
    """The end is missing."""
    return content[: _place(content, rng)]


def extreme(content: bytes, rng: random.Random, other: bytes) -> bytes:
    """Where a count, a length or an offset may be there is an extreme one."""
    size = rng.choice((1, 2, 4, 8))
    place = _place(content, rng)
    place -= place % rng.choice((1, 2, size))
    number = (rng.choice(EXTREMES) % 2 ** (8 * size)).to_bytes(size, rng.choice(("little", "big")))
    return (content[:place] + number + content[place + size :])[: len(content)]


def near(content: bytes, rng: random.Random, other: bytes) -> bytes:
    """A byte is one more or less, twice or half."""
    changed = bytearray(content)
    if content:
        place = _place(content, rng)
        value = changed[place]
        changed[place] = rng.choice((value + 1, value - 1, value * 2, value // 2)) % 256
    return bytes(changed)


def insert(content: bytes, rng: random.Random, other: bytes) -> bytes:
    """What follows is shifted."""
    place = _place(content, rng)
    return content[:place] + rng.randbytes(rng.choice((1, 2, 4, 8, 100))) + content[place:]


def delete(content: bytes, rng: random.Random, other: bytes) -> bytes:
    """A chunk is missing."""
    start, end = _chunk(content, rng)
    return content[:start] + content[end:]


def blank(content: bytes, rng: random.Random, other: bytes) -> bytes:
    """A chunk is all zeros, or ones, as where a copy stopped."""
    start, end = _chunk(content, rng)
    return content[:start] + rng.choice((b"\0", b"\xff")) * (end - start) + content[end:]


def duplicate(content: bytes, rng: random.Random, other: bytes) -> bytes:
    """A chunk is there twice, behind itself or over others."""
    start, end = _chunk(content, rng)
    place = rng.choice((end, _place(content, rng)))
    return content[:place] + content[start:end] + content[place + rng.choice((0, end - start)) :]


def swap(content: bytes, rng: random.Random, other: bytes) -> bytes:
    """Two chunks of one length have changed places."""
    size = rng.choice((2, 4, 8, 16, 64, 256))
    first, second = sorted((_place(content, rng), _place(content, rng)))
    if first + size > second:
        return content
    parts = content[second : second + size], content[first + size : second], content[first : first + size]
    return content[:first] + b"".join(parts) + content[second + size :]


def splice(content: bytes, rng: random.Random, other: bytes) -> bytes:
    """It goes on as another file."""
    place = _place(content, rng)
    return content[:place] + other[rng.choice((place, _place(other, rng))) :]


def transplant(content: bytes, rng: random.Random, other: bytes) -> bytes:
    """A chunk is another file's."""
    start, end = _chunk(other, rng)
    place = _place(content, rng)
    return content[:place] + other[start:end] + content[place + end - start :]


def number(content: bytes, rng: random.Random, other: bytes) -> bytes:
    """A number in a text, as in XML and JSON, is another, often of the same length."""
    return _replaced(content, rng, rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?", WORDS)


def word(content: bytes, rng: random.Random, other: bytes) -> bytes:
    """A text of bytes, or of UTF-16, has something odd in it."""
    return _replaced(content, rng, rb"[A-Za-z0-9 _]{2,}|(?:[A-Za-z0-9]\0)+", ODD)


def _replaced(content: bytes, rng: random.Random, pattern: bytes, by: tuple[bytes, ...]) -> bytes:
    found = list(re.finditer(pattern, content[: 2**20]))
    if not found:
        return content
    match, new = rng.choice(found), rng.choice(by)
    start, end = match.span()
    if rng.random() < 0.3:  # in it, not in its place
        start = end = rng.randrange(start, end)
    if rng.random() < 0.6:  # what follows stays where it is
        new = new[: max(1, end - start)]
        end = max(end, start + len(new))
        new = new.ljust(end - start)
    return content[:start] + new + content[end:]


def _place(content: bytes, rng: random.Random) -> int:
    """Of a byte; 0 if there is none."""
    return rng.randrange(max(1, min(len(content), HEAD) if rng.random() < 0.5 else len(content)))


def _chunk(content: bytes, rng: random.Random) -> tuple[int, int]:
    start = _place(content, rng)
    return start, min(len(content), start + rng.choice((1, 4, 8, 16, 100, 1000)))


def _within(content: bytes, rng: random.Random, other: bytes, change: Mutation) -> bytes | None:
    """A ZIP or PNG with one part changed and sound around it; None for other files, and for one that is damaged."""
    try:
        if content.startswith(b"PK"):
            return _zip(content, rng, other, change)
        return _png(content, rng, other, change) if content.startswith(PNG) else None
    except Exception:  # earlier mutations have struck it
        return None


def _zip(content: bytes, rng: random.Random, other: bytes, change: Mutation) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {member.filename: archive.read(member) for member in archive.infolist()}
    chosen = rng.choice(list(parts))
    parts[chosen] = change(parts[chosen], rng, other)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(zipfile.ZipInfo(name), part)
    return packed.getvalue()


def _png(content: bytes, rng: random.Random, other: bytes, change: Mutation) -> bytes:
    parts, place = [], len(PNG)
    while place < len(content):
        length, kind = struct.unpack_from(">I4s", content, place)
        parts.append((kind, content[place + 8 : place + 8 + length]))
        place += 12 + length
    chosen = rng.randrange(len(parts))
    kind, part = parts[chosen]
    pixels = kind == b"IDAT" and len([each for each, _ in parts if each == kind]) == 1
    parts[chosen] = (
        kind,
        zlib.compress(change(zlib.decompress(part), rng, other)) if pixels else change(part, rng, other),
    )
    checked = (
        struct.pack(">I", len(part)) + kind + part + struct.pack(">I", zlib.crc32(kind + part)) for kind, part in parts
    )
    return PNG + b"".join(checked)


MUTATIONS: tuple[Mutation, ...] = (
    *(flip, flip_bit, truncate, extreme, extreme, near, insert, delete, blank, duplicate, swap, splice, transplant),
    *(number, number, word, word),
)
