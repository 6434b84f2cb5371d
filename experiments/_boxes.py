"""Boxes of a block diagram, labelled as the paper's are, and residual blocks among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple


class Box(NamedTuple):
    """A layer in a diagram."""

    name: str
    kind: str
    kernel: int | None  # px a side
    stride: int
    shape: tuple[int, ...]  # of its output, for one example: side, side, channels; or features
    sources: tuple[str, ...] = ()  # names of the boxes before it
    before: tuple[str, ...] = ()  # classes of the layers passed over between the first of them and this one

    def label(self) -> str:
        """As the paper's figures have it."""
        side = "×".join(map(str, self.shape[:-1]))
        convolution = f"{self.shape[-1]}, {self.kernel}×{self.kernel}" + f", stride {self.stride}" * (self.stride > 1)
        return {
            "input": self.name.replace("_", " ").capitalize(),
            "sampled": f"Sampled pixels, {side}",
            "crop": "Random crop",
            "conv": f"Conv {convolution}",
            "transposed": f"Transposed {convolution}",
            "bilinear": f"Bilinear, {side}",
            "linear": f"Linear, {self.shape[-1]}",
            "add": "+",
        }[self.kind]

    def size(self) -> str:
        """Of its output."""
        return "×".join(map(str, self.shape))


class Block(NamedTuple):
    """Boxes one after another, `times` times over; if there are several, an identity skip around them ends in a sum."""

    boxes: tuple[Box, ...]
    times: int = 1

    def looks(self) -> list[tuple[str, str]]:
        """What a drawing shows of it."""
        return [(box.label(), box.size()) for box in self.boxes]


def blocks(boxes: Sequence[Box]) -> list[Block]:
    """Residual blocks gathered, and equal ones that follow one another made one; every other box is a block."""
    found: list[Block] = []
    for box in boxes:
        skipped = [i for i in range(len(found) - 1) if box.kind == "add" and _skip_from(found, i, box)]
        if not skipped:
            found.append(Block((box,)))
            continue
        start = skipped[-1] + 1
        block = Block((*(each for block in found[start:] for each in block.boxes), box))
        same = found[start - 1].looks() == block.looks()
        times = found[start - 1].times + 1 if same else 1
        found[start - same :] = [block._replace(times=times)]
    return found


def between(boxes: Sequence[Box]) -> str:
    """The layers passed over before most of the boxes that have some before them."""
    chains = Counter(box.before for box in boxes if box.before)
    return " and ".join(chains.most_common(1)[0][0])


def _skip_from(found: Sequence[Block], i: int, add: Box) -> bool:
    """Whether `add` closes a skip from the end of block i around all that follow."""
    return found[i].boxes[-1].name in add.sources and all(block.boxes[0].kind != "input" for block in found[i:])
