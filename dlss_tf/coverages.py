"""Steps of the sampling lattice, their coverages, and the error to expect at each (eq. 1, 2), in plain numbers.

Without NumPy, since the command line's help and a run's configuration tell them. `lattice` has all of these names, too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from .errors import InputError

MIN_FACTOR, MAX_FACTOR = 2, 16
#: Coverages 1/s^2 that the unified generator is trained for (section II): s = 4 ... 10.
TRAINED_FACTORS = tuple(range(4, 11))
#: Coefficients of 1, c and c^2 in eq. 1, as published.
EQUATION_1 = (0.002211, -0.037887, 0.289451)


def check_factor(factor: int) -> int:
    """Return `factor` as an int; InputError unless it is a whole number from 2 to 16."""
    if isinstance(factor, bool) or int(factor) != factor or not MIN_FACTOR <= factor <= MAX_FACTOR:
        raise InputError(f"factor: expected a whole number from {MIN_FACTOR} to {MAX_FACTOR}, found {factor}")
    return int(factor)


def coverage(factor: int) -> float:
    """Fraction of pixels that are sampled, c = 1/s^2."""
    return 1.0 / check_factor(factor) ** 2


def p_raw(c: float, coefficients: Sequence[float] = EQUATION_1) -> float:
    """Eq. 1: the training MSE expected at coverage c, fitted to networks trained for one coverage each.

    `coefficients` are those of 1, c and c^2.
    """
    return sum(coefficient * c**power for power, coefficient in enumerate(coefficients))


def p(c: float, coefficients: Sequence[float] = EQUATION_1, factors: Sequence[int] = TRAINED_FACTORS) -> float:
    """Eq. 2: eq. 1 over its mean for the coverages trained for. MSEs divided by it are on one scale."""
    return p_raw(c, coefficients) / (math.fsum(p_raw(1 / s**2, coefficients) for s in factors) / len(factors))
