"""How heavy the tails are, by measures that do not hang on a handful of weights, and who they are.

The moments of `Distribution` use every weight to the fourth power, so that ten of ten million can
decide them.  L-moments and quantiles do not; and the outliers themselves are counted and named.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from labkit.weights.distribution import Distribution

LARGEST = 10
"""How many of the weights that are largest in magnitude a distribution names."""

OUTLIER = 10.0
"""Robust standard deviations from the median beyond which a weight is an outlier.

Of normally distributed weights no model of any size has one: the chance is 1.5e-23 for each.
"""

NORMAL_L_KURTOSIS = 0.12260
"""L-kurtosis of every normal distribution, 30/π · arctan √2 - 9 (Hosking 1990, table 1)."""

_NORMAL_IQR = 1.3489795  # standard deviations between the quartiles of a normal distribution


@dataclass(frozen=True)
class Extreme:
    """One weight and where it stands: `weight[row, column]` of `layer`, as the model stores it."""

    layer: str
    row: int
    column: int
    value: float

    def __str__(self) -> str:
        return f"{self.layer}[{self.row}, {self.column}]"


@dataclass(frozen=True)
class Outliers:
    """Number of weights below `low` or above `high`."""

    count: int
    low: float
    high: float


def l_kurtosis(middle: np.ndarray, counts: np.ndarray) -> float:
    """The fourth L-moment over the second, of values in ascending order with their counts.

    From the unbiased sample moments of Hosking (1990), "L-moments: Analysis and Estimation of
    Distributions Using Linear Combinations of Order Statistics", J. R. Statist. Soc. B 52, eq. 3.1:
    0.123 for a normal distribution, 0 for a uniform, 0.236 for a Laplace, always within -1/4 to 1.
    Each value counts in proportion to its size, not to its fourth power.

    Returns:
        0 where all values are equal, NaN for fewer than four of them.
    """
    n = float(counts.sum())
    if n < 4:
        return float("nan")
    above = counts.cumsum().astype(np.float64)
    below = above - counts
    # Σ C(i - 1, r) over the ranks i of a value is C(above, r + 1) - C(below, r + 1).
    b = []
    up, down = np.ones_like(above), np.ones_like(above)
    for r in range(4):
        up, down = up * (above - r) / (n - r), down * (below - r) / (n - r)
        b.append(float((up - down) @ middle) / (r + 1))
    second = 2 * b[1] - b[0]
    fourth = 20 * b[3] - 30 * b[2] + 12 * b[1] - b[0]
    return fourth / second if second > 0 else 0.0


def moors_kurtosis(octiles: np.ndarray) -> float:
    """Moors' kurtosis from the seven octiles: ((E7 - E5) + (E3 - E1)) / (E6 - E2).

    J. J. A. Moors (1988), "A Quantile Alternative for Kurtosis", The Statistician 37: 1.233 for a
    normal distribution, 1 for a uniform, 1.585 for a Laplace.  The outer eighths do not count.

    Returns:
        0 where the middle half of the values is one value.
    """
    e1, e2, e3, _, e5, e6, e7 = octiles
    return float(((e7 - e5) + (e3 - e1)) / (e6 - e2)) if e6 > e2 else 0.0


def outliers(distribution: Distribution, beyond: float = OUTLIER) -> Outliers:
    """Weights further from the median than `beyond` robust standard deviations.

    The robust standard deviation is the distance between the quartiles over 1.349, which a normal
    distribution has; outliers do not move it.  The limits are moved outwards to the next edge of
    a fine bin, by 0.8 % of their size at most, and the count is exact for those that are returned.
    """
    low, median, high = distribution.quantiles((0.25, 0.5, 0.75))
    reach = beyond * (high - low) / _NORMAL_IQR
    lower, upper, counts = distribution.bins()
    inside = (upper >= median - reach) & (lower <= median + reach)
    if not inside.any():  # cannot be but by rounding: the median lies within
        return Outliers(0, float(median), float(median))
    return Outliers(
        int(counts.sum() - counts[inside].sum()),
        float(lower[inside].min()),
        float(upper[inside].max()),
    )


def extremes(
    layer: str, width: int, start: int, values: np.ndarray, bins: np.ndarray, counts: np.ndarray
) -> tuple[Extreme, ...]:
    """The `LARGEST` values of a chunk of a matrix.

    Args:
        layer: name of the matrix.
        width: its columns.
        start: place of the chunk's first value in the flat matrix.
        values: the chunk.
        bins: the fine bin of each value, as `Distribution.counts` counts them (uint32).
        counts: how many lie in each: which bins can hold the largest follows without sorting.
    """
    signs = len(counts) // 2  # the upper half of the bins holds the negative values
    sizes = counts[:signs] + counts[signs:]
    enough = np.flatnonzero(sizes[::-1].cumsum() >= min(LARGEST, len(values)))
    least = signs - 1 - enough[0]
    at = np.flatnonzero(bins & (signs - 1) >= least)
    at = at[np.argsort(-np.abs(values[at]), kind="stable")[:LARGEST]]
    return tuple(Extreme(layer, *divmod(start + int(i), width), float(values[i])) for i in at)


def largest(found: Iterable[Extreme]) -> tuple[Extreme, ...]:
    """The `LARGEST` of them by magnitude, the largest first; the earlier where two are equal."""
    return tuple(heapq.nlargest(LARGEST, found, key=lambda one: abs(one.value)))
