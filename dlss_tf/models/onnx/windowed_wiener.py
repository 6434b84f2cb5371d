"""`layers.windowed_wiener` in ONNX: Wiener filters in overlapping windows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...layers.kernels import EULER_GAMMA, LEAST_POWER, OVERLAP, fine_frequencies, inverse_shares, waves
from .graph import END, Graph


def filtered(graph: Graph, scan: str, size: int, strengths: Sequence[float]) -> list[str]:
    """Scans [b, h, w] filtered in windows of `size` samples, at each of the strengths: [b, h, w] each."""
    rows, columns = (_mirrored(graph, graph.side(scan, axis), size) for axis in (1, 2))
    windows = graph.Gather(graph.Gather(scan, rows, axis=1), columns, axis=3)
    windows = graph.Transpose(windows, perm=[0, 1, 3, 2, 4])  # [b, rows, columns, size, size]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    window = (hann[:, None] * hann).astype(np.float32)
    mean = graph.Mul(_sum(graph, graph.Mul(windows, window)), 1 / window.sum())
    real, imaginary = _fourier(graph, graph.Mul(graph.Sub(windows, mean), window), size)
    power = graph.Add(graph.Add(graph.Mul(real, real), graph.Mul(imaginary, imaginary)), LEAST_POWER)
    fine = fine_frequencies(size)
    noise = graph.Mul(_sum(graph, graph.Mul(graph.Log(power), fine)), 1 / fine.sum())
    ratio = graph.Div(graph.Exp(graph.Add(noise, EULER_GAMMA)), power)
    means = graph.Mul(mean, window)
    images = []
    for strength in strengths:
        kept = graph.Relu(graph.Sub(1.0, graph.Mul(ratio, strength)))
        inverse = _inverse(graph, graph.Mul(real, kept), graph.Mul(imaginary, kept), size)
        # Hann's squares sum to 3/8 of the windows' number
        added = _overlapped(graph, graph.Mul(graph.Add(inverse, means), window / (OVERLAP * 3 / 8) ** 2), size)
        sides = [graph.side(scan, axis) for axis in (1, 2)]
        images.append(graph.cut(added, [0, 0], graph.concat(sides, 0), (1, 2)))
    return images


def _sum(graph: Graph, windows: str) -> str:
    return graph.ReduceSum(windows, [3, 4], keepdims=1)


def _fourier(graph: Graph, windows: str, size: int) -> tuple[str, str]:
    """Real and imaginary part of rfft2 of windows [..., size, size]."""
    cosine, sine = waves(size)
    half = size // 2 + 1
    real, imaginary = graph.MatMul(windows, cosine[:, :half]), graph.MatMul(windows, -sine[:, :half])
    return (
        graph.Add(graph.MatMul(cosine, real), graph.MatMul(sine, imaginary)),
        graph.Sub(graph.MatMul(cosine, imaginary), graph.MatMul(sine, real)),
    )


def _inverse(graph: Graph, real: str, imaginary: str, size: int) -> str:
    """Windows [..., size, size] that `_fourier` gives these for."""
    cosine, sine = waves(size)
    half, shares = size // 2 + 1, inverse_shares(size)
    both = (
        graph.Sub(graph.MatMul(cosine, real), graph.MatMul(sine, imaginary)),
        graph.Add(graph.MatMul(cosine, imaginary), graph.MatMul(sine, real)),
    )
    return graph.Sub(graph.MatMul(both[0], shares * cosine[:half]), graph.MatMul(both[1], shares * sine[:half]))


def _mirrored(graph: Graph, side: str, size: int) -> str:
    """Which sample lies where in windows over an axis that is mirrored as often as need be: int64 [windows, size]."""
    step = size // OVERLAP
    count = graph.Add(_steps(graph, side, step), [OVERLAP - 1])
    starts = graph.Unsqueeze(graph.Mul(graph.range(count), step), [1])
    twice = graph.Mul(side, [2])
    folded = graph.Mod(graph.Add(starts, np.arange(size) + step - size), twice)
    return graph.Min(folded, graph.Sub(graph.Sub(twice, [1]), folded))


def _steps(graph: Graph, side: str, step: int) -> str:
    """How many steps hold a side, int64 [1]."""
    return graph.Div(graph.Add(side, [step - 1]), [step])


def _overlapped(graph: Graph, windows: str, size: int) -> str:
    """The sum of windows [b, rows, columns, size, size], where all of them overlap: [b, h, w], sides of whole steps."""
    step = size // OVERLAP
    for count, within in ((2, 4), (1, 3)):  # axes: of the windows' numbers, and inside them
        windows = graph.Sum(*(_part(graph, windows, count, within, k, step) for k in range(OVERLAP)))
    # [b, rows, columns, step, step], of which OVERLAP - 1 windows less there are
    steps = [graph.side(windows, axis) for axis in (1, 2)]
    shape = graph.concat([[0], *(graph.Mul(each, [step]) for each in steps)], 0)
    return graph.Reshape(graph.Transpose(windows, perm=[0, 1, 3, 2, 4]), shape)


def _part(graph: Graph, windows: str, count: int, within: int, k: int, step: int) -> str:
    """Of each window its k-th step, those that add to the same samples at the same place."""
    starts, stops = [OVERLAP - 1 - k, k * step], [-k if k else END, (k + 1) * step]
    return graph.cut(windows, starts, stops, (count, within))
