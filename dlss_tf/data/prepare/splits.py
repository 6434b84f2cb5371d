"""Which split a specimen is in: a function of its name, mended where one would be empty, and for good once it is so."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping, Sequence

#: Where the splits end on the way from 0 to 1 that specimens lie on: 75%, 15% and 10% of them.
ENDS = {"train": 0.75, "val": 0.9, "test": 1.0}
NEEDED = ("train", "val", "test")  # in the order in which each gets a specimen, as far as there are any
PRECEDENCE = ("test", "val", "train")  # of what is given for specimens that belong together


def place(name: str) -> float:
    """Where a specimen lies, 0 to 1, of its name alone."""
    return int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()[:8], "big") / 2.0**64


@dataclasses.dataclass(frozen=True)
class _Group:
    """Specimens that belong together, by the first of their names."""

    name: str
    crops: int

    @property
    def place(self) -> float:
        return place(self.name)


def assign(
    crops: Mapping[str, int], alike: Iterable[tuple[str, str]] = (), given: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The split of every specimen: "train", "val" or "test".

    Three in four are trained on, 15% validated and 10% tested, of specimens, not of crops, by `place`. Those that are
    alike are in one split. If train, val, or of three specimens or more test, has none, it gets the one that lies
    nearest to it of the split with most; then train gets more until it has half of the crops. What is `given` stays.

    Args:
        crops: of each specimen, by its name. Those without one follow the rest and count for nothing.
        alike: pairs of specimens that share content.
        given: splits of specimens that are known already.
    """
    given = given or {}
    groups = _groups(crops, alike)
    members = {name: _Group(min(group), sum(crops[each] for each in group)) for group in groups for name in group}
    fixed = {}
    for group in groups:
        found = {given[name] for name in group if name in given}
        if found:
            fixed[min(group)] = next(split for split in PRECEDENCE if split in found)
    chosen = {group.name: fixed.get(group.name, _by_place(group.place)) for group in members.values()}
    _mend(chosen, [group for group in dict.fromkeys(members.values()) if group.crops], fixed)
    return {name: given.get(name, chosen[group.name]) for name, group in members.items()}


def _groups(names: Iterable[str], alike: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Names, those that are alike together, be it by way of others."""
    parent = {name: name for name in names}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = name = parent[parent[name]]
        return name

    for one, other in alike:
        parent[root(one)] = root(other)
    groups: dict[str, list[str]] = {}
    for name in parent:
        groups.setdefault(root(name), []).append(name)
    return list(groups.values())


def _by_place(where: float) -> str:
    return next(split for split, end in ENDS.items() if where < end)


def _mend(chosen: dict[str, str], groups: Sequence[_Group], fixed: Mapping[str, str]) -> None:
    """Give each split a group, and train half of the crops, as far as that can be without what is `fixed`."""
    needed = NEEDED[: len(groups)]

    def of(split: str) -> list[_Group]:
        return [group for group in groups if chosen[group.name] == split]

    def free(split: str) -> list[_Group]:
        """Those that can go without leaving a needed split empty."""
        there = of(split)
        return [group for group in there if group.name not in fixed] if len(there) > 1 or split not in needed else []

    for split in needed:
        if not of(split):
            donors = sorted((other for other in ENDS if free(other)), key=lambda other: len(of(other)))
            if donors:
                moved = min(free(donors[-1]), key=lambda group: _distance(group.place, split))
                chosen[moved.name] = split
    total = sum(group.crops for group in groups)
    while 2 * sum(group.crops for group in of("train")) < total:
        rest = [group for split in ("val", "test") for group in free(split)]
        if not rest:
            return
        chosen[min(rest, key=lambda group: group.place).name] = "train"


def _distance(where: float, split: str) -> float:
    """From a place to a split's part of the way from 0 to 1."""
    starts = dict(zip(ENDS, (0.0, *ENDS.values())))
    return max(starts[split] - where, where - ENDS[split], 0.0)
