"""The weights of a block, a stack or a whole model, counted in one pass."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from labkit.errors import InputError
from labkit.weights import tails
from labkit.weights.tails import Extreme, Outliers

THRESHOLDS = (0.01, 0.1)
"""The thresholds of the course's first question: how many weights are smaller than these?"""


BINS = 1 << 16


def bin_edges() -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper edge of each bin (float64), the bin being the upper 16 bits of a float32."""
    with np.errstate(invalid="ignore"):
        start = (np.arange(BINS, dtype=np.uint32) << 16).view(np.float32).astype(np.float64)
        stop = ((np.arange(BINS, dtype=np.uint32) << 16) | 0xFFFF).view(np.float32)
        stop = stop.astype(np.float64)  # the patterns of NaN among them never occur in a model
    return np.minimum(start, stop), np.maximum(start, stop)


@dataclass(frozen=True)
class Fit:
    """A fitted density: `df` is Student-t's degrees of freedom; log-likelihood per weight, nats."""

    family: str
    df: float | None
    location: float
    scale: float
    log_likelihood: float


@dataclass(frozen=True, eq=False)
class Distribution:
    """The weights of a block, a stack or a whole model, counted.

    `block` is -1 for more than one block, `stack` is "all" for more than one stack.  `mean`, `m2`,
    `m3`, `m4` are the mean and the sums of the 2nd to 4th powers of the deviations from it
    (float64).  `below` counts `|w| < t` for each threshold.  `counts` is a histogram (int64, 65,536
    bins) over the upper 16 bits of the float32 pattern: bins of at most 0.8 % relative width
    around every size of weight, from which quantiles and coarser histograms follow.  `largest` are
    the ten weights of the largest magnitude, and where they stand.
    """

    stack: str
    block: int
    weights: int
    zeros: int
    minimum: float
    maximum: float
    mean: float
    m2: float
    m3: float
    m4: float
    thresholds: tuple[float, ...]
    below: tuple[int, ...]
    counts: np.ndarray
    largest: tuple[Extreme, ...] = ()

    @property
    def std(self) -> float:
        """Standard deviation (divided by n)."""
        return (self.m2 / self.weights) ** 0.5

    @property
    def skewness(self) -> float:
        """Third standardised moment; 0 for a symmetric distribution, and where all are equal."""
        return self.m3 / self.weights / self.std**3 if self.m2 else 0.0

    @property
    def excess_kurtosis(self) -> float:
        """Fourth standardised moment minus 3 (0 normal, 3 Laplace, 0 where all are equal)."""
        return self.weights * self.m4 / self.m2**2 - 3 if self.m2 else 0.0

    @property
    def largest_share(self) -> float:
        """Share of the fourth moment, 0 to 1, that the `largest` weights alone make up.

        Where it is near 1, `excess_kurtosis` says nothing about all the others.
        """
        fourth = sum((one.value - self.mean) ** 4 for one in self.largest)
        return min(fourth / self.m4, 1.0) if self.m4 else 0.0

    @functools.cached_property
    def l_kurtosis(self) -> float:
        """Hosking's measure of the tails, on which single weights have no hold.

        0.123 for a normal distribution, 0.236 for a Laplace, 0 for a uniform and where all weights
        are equal; see `tails.l_kurtosis`.  From the fine bins, to about 0.001.
        """
        lower, upper, counts = self.bins()
        return tails.l_kurtosis((lower + upper) / 2, counts)

    @property
    def moors_kurtosis(self) -> float:
        """Moors' measure of the tails by octiles: 1.233 for a normal distribution."""
        return tails.moors_kurtosis(self.quantiles(np.arange(1, 8) / 8))

    @functools.cached_property
    def outliers(self) -> Outliers:
        """How many weights lie more than ten robust standard deviations from the median."""
        return tails.outliers(self)

    @property
    def share_below(self) -> dict[float, float]:
        """Threshold → share of the weights with `|w| < threshold`, 0 to 1."""
        return {t: b / self.weights for t, b in zip(self.thresholds, self.below, strict=True)}

    def quantiles(self, shares: Sequence[float]) -> np.ndarray:
        """Values below which the given shares of the weights lie, to 0.8 % of their size.

        Raises:
            InputError: a share outside 0 to 1.
        """
        if bad := [share for share in shares if not 0 <= share <= 1]:
            raise InputError(f"share {bad[0]} is not within 0 to 1")
        lower, upper, counts = self.bins()
        cumulative = np.concatenate([[0], counts.cumsum()])
        wanted = np.asarray(shares, dtype=np.float64) * self.weights
        at = np.clip(np.searchsorted(cumulative, wanted, side="right") - 1, 0, len(counts) - 1)
        within = np.clip((wanted - cumulative[at]) / counts[at], 0, 1)
        values = lower[at] + within * (upper[at] - lower[at])
        return np.clip(values, self.minimum, self.maximum)

    def histogram(self, limit: float, bins: int = 128) -> tuple[np.ndarray, np.ndarray]:
        """Linear histogram over -limit to limit: (edges, counts), `bins + 1` and `bins` long.

        Counts are float: a fine bin that spans an edge is divided in proportion.  Weights beyond
        the limit are left out.

        Raises:
            InputError: a limit that is not above 0 and finite, or no bin.
        """
        if not 0 < limit < float("inf") or bins < 1:
            raise InputError(f"limit {limit} and {bins} bins: above 0 and finite, and at least 1")
        edges = np.linspace(-limit, limit, bins + 1)
        lower, upper, counts = self.bins()
        cumulative = np.concatenate([[0.0], counts.cumsum()])
        at = np.clip(np.searchsorted(upper, edges, side="left"), 0, len(counts) - 1)
        width = np.where(upper[at] > lower[at], upper[at] - lower[at], 1.0)
        within = np.clip((edges - lower[at]) / width, 0, 1)
        below = np.where(edges > upper[-1], cumulative[-1], cumulative[at] + within * counts[at])
        return edges, np.diff(below)

    def normal_quantiles(self, points: int = 199) -> tuple[np.ndarray, np.ndarray]:
        """Q-Q data against the normal: (theoretical z, standardised weights), `points` long.

        On the diagonal where the weights are normal; beyond it at the ends where tails are heavy.
        """
        from scipy.stats import norm

        shares = (np.arange(points) + 0.5) / points
        scale = self.std or 1.0
        return norm.ppf(shares), (self.quantiles(shares) - self.mean) / scale

    def fits(self) -> tuple[Fit, ...]:
        """Maximum-likelihood fits of the normal, Laplace and Student-t distribution.

        The best first, by Akaike's criterion: Student-t has one parameter more, and contains the
        normal as its limit of many degrees of freedom.  Zero weights are left out (a pruned
        model's zeros are no sample of a density), and the likelihood is taken at the middle of
        each fine bin.

        Raises:
            InputError: fewer than two different non-zero weights.
        """
        from scipy import optimize, stats

        lower, upper, counts = self.bins()
        middle = (lower + upper) / 2
        counts = np.where(np.abs(middle) < 1e-38, 0, counts)
        middle, counts = middle[counts > 0], counts[counts > 0]
        if len(counts) < 2:
            raise InputError("fits need at least two different non-zero weights")
        share = counts / counts.sum()
        mean = float(share @ middle)
        std = float(share @ (middle - mean) ** 2) ** 0.5
        median = float(middle[np.searchsorted(share.cumsum(), 0.5)])
        spread = float(share @ np.abs(middle - median))

        def loss(parameters: np.ndarray) -> float:
            df, scale = np.exp(parameters)
            return -float(share @ stats.t.logpdf(middle, df, median, scale))

        start = np.log([5.0, spread])
        best = optimize.minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-4})
        df, scale = np.exp(best.x)
        fits = (
            Fit("normal", None, mean, std, float(share @ stats.norm.logpdf(middle, mean, std))),
            Fit(
                "Laplace",
                None,
                median,
                spread,
                float(share @ stats.laplace.logpdf(middle, median, spread)),
            ),
            Fit("Student-t", float(df), median, float(scale), -float(best.fun)),
        )
        size = float(self.weights - self.zeros)
        penalty = {"normal": 2 / size, "Laplace": 2 / size, "Student-t": 3 / size}
        return tuple(sorted(fits, key=lambda fit: penalty[fit.family] - fit.log_likelihood))

    def bins(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Lower edge, upper edge and count of the occupied fine bins, from the smallest value."""
        used = np.flatnonzero(self.counts)
        lower, upper = bin_edges()
        lower, upper, counts = lower[used], upper[used], self.counts[used]
        order = np.lexsort((upper, lower))
        return lower[order], upper[order], counts[order]


def merge(parts: Iterable[Distribution]) -> Distribution:
    """The distribution of all parts together, under the stack and block of the first.

    Moments are combined by the pairwise formulas of Pébay (2008), "Formulas for robust, one-pass
    parallel computation of covariances and arbitrary-order statistical moments", eq. 3.1.
    """
    return functools.reduce(_merge_two, parts)


def _merge_two(a: Distribution, b: Distribution) -> Distribution:
    n = a.weights + b.weights
    delta = b.mean - a.mean
    share = a.weights * b.weights / n
    m2 = a.m2 + b.m2 + delta**2 * share
    m3 = (
        a.m3
        + b.m3
        + delta**3 * share * (a.weights - b.weights) / n
        + 3 * delta * (a.weights * b.m2 - b.weights * a.m2) / n
    )
    m4 = (
        a.m4
        + b.m4
        + delta**4 * share * (a.weights**2 - a.weights * b.weights + b.weights**2) / n**2
        + 6 * delta**2 * (a.weights**2 * b.m2 + b.weights**2 * a.m2) / n**2
        + 4 * delta * (a.weights * b.m3 - b.weights * a.m3) / n
    )
    return replace(
        a,
        weights=n,
        zeros=a.zeros + b.zeros,
        minimum=min(a.minimum, b.minimum),
        maximum=max(a.maximum, b.maximum),
        mean=a.mean + delta * b.weights / n,
        m2=m2,
        m3=m3,
        m4=m4,
        below=tuple(x + y for x, y in zip(a.below, b.below, strict=True)),
        counts=a.counts + b.counts,
        largest=tails.largest((*a.largest, *b.largest)),
    )
