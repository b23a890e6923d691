"""Figures of how weights are distributed (chapter 1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from labkit.plots.figure import INK, SERIES, Plot, axes_grid, legend_below, styles, titled
from labkit.weights.summary import WeightSummary

if TYPE_CHECKING:
    pass


def plot_weights(summaries: Sequence[WeightSummary]) -> Plot:
    """Histograms of the prunable weights, on a linear and on a log scale, with a normal fit."""
    from scipy.stats import norm

    figure, axes = axes_grid(2, len(summaries), width=3.1, height=2.3)
    said = []
    for column, summary in enumerate(summaries):
        whole = summary.overall
        limit = float(np.abs(whole.quantiles((0.0005, 0.9995))).max()) or 1.0
        edges, counts = whole.histogram(limit)
        density = counts / whole.weights / np.diff(edges)
        middle = (edges[:-1] + edges[1:]) / 2
        normal = norm.pdf(middle, whole.mean, whole.std or 1.0)
        style = SERIES[column % len(SERIES)]
        for row, axis in enumerate(axes[:, column]):
            axis.stairs(density, edges, fill=True, color=style["color"], alpha=0.55)
            axis.plot(middle, normal, color=INK, linestyle="--", linewidth=1.2)
            if row == 0:
                titled(axis, summary.title)
            else:
                axis.set_yscale("log")
                positive = density[density > 0]
                axis.set_ylim(positive.min() / 2, positive.max() * 3)
                axis.set_xlabel("weight")
        axes[0, 0].set_ylabel("density")
        axes[1, 0].set_ylabel("density (log)")
        said.append(
            f"{summary.title}: standard deviation {whole.std:.3f}, "
            f"excess kurtosis {whole.excess_kurtosis:.3f}, L-kurtosis {whole.l_kurtosis:.3f}, "
            f"{whole.outliers.count:,} outliers"
        )
    alt = (
        "Histograms of the prunable weights, on a linear scale above and a log scale below, with "
        "a normal density of the same mean and standard deviation dashed. " + "; ".join(said) + "."
    )
    return Plot(figure, "weights", alt)


def plot_qq(summaries: Sequence[WeightSummary]) -> Plot:
    """Quantiles of the weights against those of a normal distribution."""
    figure, axes = axes_grid(1, 1, width=4.2, height=3.6)
    axis = axes[0, 0]
    said = []
    for summary, style in zip(summaries, styles(), strict=False):
        z, standardised = summary.overall.normal_quantiles()
        axis.plot(z, standardised, label=summary.title, **style | {"markevery": 20})
        said.append(f"{summary.title} {standardised[-1]:.1f}")
    axis.axline((0, 0), slope=1, color=INK, linewidth=0.8)
    axis.set_xlabel("quantile of the normal distribution")
    axis.set_ylabel("quantile of the weights\n(standard deviations)")
    legend_below(axis)
    alt = (
        "Quantiles of the standardised weights against those of the normal distribution, which "
        f"would lie on the diagonal. At the last point, {z[-1]:.1f} standard deviations for the "
        f"normal, the weights stand at: {', '.join(said)}."
    )
    return Plot(figure, "qq", alt)


def plot_bands(summaries: Sequence[WeightSummary]) -> Plot:
    """Shares of small, middling and large weights by block, encoder and decoder apart."""
    stacks = [(s, name, blocks) for s in summaries for name, blocks in s.stacks.items()]
    figure, axes = axes_grid(1, len(stacks), width=2.3, height=2.5, sharey=True)
    said = []
    for axis, (summary, name, blocks) in zip(axes[0], stacks, strict=True):
        small, large = min(blocks[0].thresholds), max(blocks[0].thresholds)
        under = np.array([block.share_below[small] for block in blocks])
        above = 1 - np.array([block.share_below[large] for block in blocks])
        bands = {
            f"|w| < {small:g}": under,
            f"{small:g} to {large:g}": 1 - under - above,
            f"|w| ≥ {large:g}": above,
        }
        x = [block.block for block in blocks]
        for (label, shares), style in zip(bands.items(), styles(), strict=False):
            axis.plot(x, 100 * shares, label=label, **style)
        titled(axis, f"{summary.title}\n{name}" if len(summary.stacks) > 1 else summary.title)
        axis.set_xlabel("block")
        axis.set_xticks(x)
        said.append(
            f"{summary.title} {name}: under {small:g} from {under[0]:.1%} in the first block to "
            f"{under[-1]:.1%} in the last, {large:g} or more from {above[0]:.1%} to {above[-1]:.1%}"
        )
    axes[0, 0].set_ylabel("share of weights (%)")
    axes[0, 0].set_ylim(0, 100)
    legend_below(axes[0, -1])
    return Plot(figure, "bands", "Share of weights by size in each block. " + "; ".join(said) + ".")
