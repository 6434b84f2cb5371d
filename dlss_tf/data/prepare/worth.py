"""Which crops are worth training on: those with finite values, contrast, more than noise, and not saturated.

The limits are far from 164 crops of 512x512 px of real specimens that were chosen by eye: each of these passes.
"""

from __future__ import annotations

import numpy as np

from ...formats.values import saturated

NOT_FINITE, EMPTY, SATURATED = "not finite", "near-empty", "saturated"

#: Distinct values between the 0.1 and 99.9 percentiles; the real crops have 60 or more.
LEAST_LEVELS = 16
#: Share of a crop that is its lowest value: a background cut off, rows never scanned; the real ones reach 0.083.
MOST_LOWEST = 0.25
#: Correlation of neighbours, along rows and along columns: 0 +- 1 / size of noise alone; the real ones' is from 0.042.
LEAST_CORRELATION = 0.03
#: Share of a crop that is clipped at its highest value; the real ones reach 0.045.
MOST_SATURATED = 0.05


def left_out(crop: np.ndarray) -> str | None:
    """Why a crop [h, w] of real numbers is not worth training on: NOT_FINITE, EMPTY or SATURATED; None if it is.

    NOT_FINITE: one value or more is NaN or infinite. EMPTY: fewer than 16 distinct values between its 0.1 and 99.9
    percentiles, more than a quarter of it at its lowest value, or neighbours correlated by less than 0.03 along rows or
    along columns, which is noise alone. SATURATED: more than 5% at its highest value, as `formats.values.saturated`
    counts them.
    """
    if not np.isfinite(crop).all():
        return NOT_FINITE
    values = np.sort(crop, axis=None)
    tail = values.size // 1000
    most = values[tail : values.size - tail]
    if 1 + np.count_nonzero(most[1:] != most[:-1]) < LEAST_LEVELS:
        return EMPTY
    if saturated(values) > MOST_SATURATED * values.size:
        return SATURATED
    if np.searchsorted(values, values[0], "right") > MOST_LOWEST * values.size:
        return EMPTY
    return EMPTY if correlation(crop) < LEAST_CORRELATION else None


def correlation(crop: np.ndarray) -> float:
    """Of neighbours in a crop [h, w] whose values differ: the lower of that along rows and that along columns."""
    values = crop.astype(np.float64)
    values -= values.mean()
    values /= np.abs(values).max()
    variance = np.square(values).mean()
    along = (np.mean(values[:, 1:] * values[:, :-1]), np.mean(values[1:] * values[:-1]))
    return float(min(along) / variance)
