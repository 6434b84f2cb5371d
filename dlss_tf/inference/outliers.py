"""Samples that measure no specimen and spoil a scan's scale: hot and dead ones, cosmic rays, lines never scanned.

Lowest and highest sample scale the generator's input, so that a sample far from all others takes their contrast. Only
such are looked for, and in doubt none is found: single bright atoms, counts of a few electrons and vacuum beside a
specimen are not as far from the other samples, or others fill the way to them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

FAR = 2  # ranges of all other samples that lie, empty, between these and outliers or lines of one value at least
SIDE = 64  # a scan of fewer samples than this squared needs as many times more as its side is shorter
NOISES = 100  # times what neighbours differ by that lie there at least: no atom is as bright
IMPOSSIBLE = 3  # times as far nothing is an atom, though others fill the way to it, outliers then from half of `FAR` on
SHARE = 100  # one sample of so many may be an outlier on either side,
TOGETHER = 4  # or so many, which is also how many may touch that do not lie in one line: more are a thing
STEPS = 16  # steps of the values, as counts have them, that the others' range counts as at least
UNEVEN = 20  # times the range of nine tenths of the others that theirs is at most: a few columns in exact 0 are not
ROUNDING = 8  # units in the last place up to which a step is none
LEAST = 24  # samples that are needed to tell what is usual
RUN = 5  # samples of one value that a line holds at least, or an outermost one begins or ends with, to be unscanned


class Usual(NamedTuple):
    """Where all samples lie but for `most` at either end."""

    low: float
    high: float
    most: int
    least: float  # that their range counts as at least
    noise: float  # that neighbours differ by, at least a step of the values

    def span(self, high: float) -> float:
        """The range of samples up to `high`."""
        return max(high - self.low, self.least)

    def mirrored(self) -> Usual:
        """The same of the negative samples."""
        return self._replace(low=-self.high, high=-self.low)


def find(scan: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which samples of scan [h, w] are outliers, and which were not scanned, bool [h, w] each; NaN and infinities none.

    Outliers are few, hardly touch, and lie far beyond all others. Unscanned are rows and columns, or a part of one,
    of one value that lies far beyond all others.
    """
    finite = np.isfinite(scan)
    unscanned = _unscanned(scan, finite)
    return _outliers(scan, finite & ~unscanned), unscanned


def _outliers(scan: np.ndarray, scanned: np.ndarray) -> np.ndarray:
    far = FAR * max(1, SIDE / max(1, np.count_nonzero(scanned)) ** 0.5)
    usual = _usual(scan, scanned, far)
    if usual is None:
        return np.zeros(scan.shape, bool)
    return _above(scan, scanned, usual, far) | _above(-scan, scanned, usual.mirrored(), far)


def _usual(scan: np.ndarray, scanned: np.ndarray, far: float, *others: float) -> Usual | None:
    """None if nothing, of the scanned samples or `others`, is `far` beyond, or they do not tell what is usual."""
    values = scan[scanned]
    if values.size < LEAST:
        return None
    most = max(TOGETHER, values.size // SHARE)
    values.partition((most, values.size - 1 - most))
    low, high = float(values[most]), float(values[-1 - most])
    span = high - low
    ends = (float(values[:most].min()), float(values[-most:].max()), *others)
    if not span or max(low - min(ends), max(ends) - high) < far * span:
        return None
    values.sort()
    steps = np.diff(values[most:-most].astype(np.float64))
    step = float(steps[steps > 0].min())
    step *= step > ROUNDING * np.spacing(np.float32(max(abs(low), abs(high))))
    tail = values.size // 20
    if span > UNEVEN * max(float(values[-1 - tail]) - float(values[tail]), step):
        return None
    inner = scanned & (scan >= low - span) & (scan <= high + span)
    return Usual(low, high, most, STEPS * step, max(_noise(np.where(inner, scan, np.nan)), step))


def _noise(scan: np.ndarray) -> float:
    """Mean absolute difference of samples from the mean of their four neighbours; 0 if none has four that are known."""
    scan = scan.astype(np.float64)
    around = (scan[:-2, 1:-1] + scan[2:, 1:-1] + scan[1:-1, :-2] + scan[1:-1, 2:]) / 4
    differences = np.abs(scan[1:-1, 1:-1] - around)
    known = np.isfinite(differences)
    return float(differences[known].mean()) if known.any() else 0.0


def _above(scan: np.ndarray, scanned: np.ndarray, usual: Usual, far: float) -> np.ndarray:
    """The outliers that are higher than the others."""
    top = np.sort(np.partition(scan[scanned], -1 - usual.most)[-1 - usual.most :]).astype(np.float64)
    empty = np.array([max(far * usual.span(high), NOISES * usual.noise) for high in top[:-1]])
    floors = top[:-1][np.diff(top) >= empty].tolist()
    beyond = max(far * usual.span(usual.high), NOISES * usual.noise)
    if top[-1] - usual.high >= IMPOSSIBLE * beyond:
        floors.append(usual.high + beyond / 2)
    for floor in floors:  # the most outliers first
        found = scanned & (scan > floor)
        if _apart(found):
            return found
    return np.zeros(scan.shape, bool)


def _apart(found: np.ndarray) -> bool:
    """Whether none but a few touch, corners too, or those that do lie in one line."""
    left = set(zip(*(axis.tolist() for axis in np.nonzero(found))))
    while left:
        group = [left.pop()]
        for row, column in group:  # which grows meanwhile
            near = left & {(row + i, column + j) for i in (-1, 0, 1) for j in (-1, 0, 1)}
            left -= near
            group.extend(near)
        if len(group) > TOGETHER and min(len(set(axis)) for axis in zip(*group)) > 1:
            return False
    return True


def _unscanned(scan: np.ndarray, finite: np.ndarray) -> np.ndarray:
    unscanned = np.zeros(scan.shape, bool)
    values = _of_lines(scan, finite)
    if not values:
        return unscanned
    places = {value: finite & (scan == value) for value in (min(values), max(values))}
    scanned = finite & ~np.any([*places.values()], axis=0)
    usual = _usual(scan, scanned, FAR, *places)
    if usual is None:
        return unscanned
    for value, there in places.items():
        beyond = max(value - usual.high, usual.low - value)
        if beyond >= FAR * usual.span(usual.high) and _in_lines(there, scanned, usual.most):
            unscanned |= there
    return unscanned


def _of_lines(scan: np.ndarray, finite: np.ndarray) -> set[float]:
    """The values of rows and columns that have but one, and of those that outermost ones begin and end with."""
    values = set()
    for axis in (0, 1):
        low = np.min(scan, axis, initial=np.inf, where=finite)
        high = np.max(scan, axis, initial=-np.inf, where=finite)
        values.update(low[(low == high) & (finite.sum(axis) >= RUN)].tolist())
    for line in (scan[0], scan[-1], scan[:, 0], scan[:, -1]):
        for end in (line[:RUN], line[-RUN:]):
            if len(end) == RUN and np.isfinite(end[0]) and (end == end[0]).all():
                values.add(float(end[0]))
    return values


def _in_lines(there: np.ndarray, scanned: np.ndarray, most: int) -> bool:
    """Whether these samples fill whole lines but for a part of one and `most` single ones, or are a part of one."""
    whole = [~scanned.any(axis, keepdims=True) for axis in (0, 1)]
    rest = there & ~whole[0] & ~whole[1]
    if rest.sum() < there.sum():
        return int(rest.sum()) <= max(there.shape) + most
    return min(len(set(axis.tolist())) for axis in np.nonzero(rest)) == 1
