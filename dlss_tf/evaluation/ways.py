"""What a generator makes of a scan in each of its ways: one pass, or an ensemble, each as it is and refined."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from .. import lattice
from ..inference.ensemble import MEMBERS, ensemble
from ..inference.options import Options
from ..inference.refinement import refine
from ..inference.supersampler import Supersampler

#: Ways by their row in tables, the shortest first; an ensemble takes eight times as long as one pass.
WAYS = {
    "dlss": Options(),
    "dlss_refined": Options(refine=True),
    "dlss_ensemble": Options(ensemble=True),
    "dlss_ensemble_refined": Options(ensemble=True, refine=True),
}


def images(
    supersampler: Supersampler,
    scan: np.ndarray,
    size: tuple[int, int],
    factor: int,
    report: Callable[[], None] = lambda: None,
) -> Iterator[tuple[str, np.ndarray]]:
    """Each of WAYS with its image [H, W] of a finite scan [h, w] on the lattice of that size, one after another.

    Images are in the scan's units, float32; `report` is called after every pass through the generator, of which there
    are as many as for the ensemble alone.
    """
    stack, first = scan[None], (lattice.offset(size[0], factor), lattice.offset(size[1], factor))
    one = supersampler.image(stack, size, factor, first, report)
    yield "dlss", one[0]
    yield "dlss_refined", refine(one, stack, factor, first)[0]
    turns = iter(range(MEMBERS))

    def run(turned: np.ndarray, turned_size: tuple[int, int], start: Sequence[int]) -> np.ndarray:
        as_it_is = next(turns) == 0
        return one if as_it_is else supersampler.image(turned, turned_size, factor, start, report)

    mean, _ = ensemble(run, stack, size, factor, first)
    yield "dlss_ensemble", mean[0]
    yield "dlss_ensemble_refined", refine(mean, stack, factor, first)[0]
