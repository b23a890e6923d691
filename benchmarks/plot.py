"""Draw what work costs as it grows: global pruning, and sparse execution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labkit.plots.figure import INK, SERIES, Plot, legend_below, styles


def plot_scaling(data: Mapping[str, Sequence[float | None]]) -> Plot:
    """Seconds against number of weights, both on log scales, from the claim "scaling".

    `data` maps "sizes" to numbers of weights, and each way to its seconds; None where a way was
    not run (it does not fit into memory, or takes too long).
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2, 3.6), layout="constrained")
    axis = figure.subplots()
    sizes = data["sizes"]
    said = []
    for (way, seconds), style in zip(
        [item for item in data.items() if item[0] != "sizes"], SERIES, strict=False
    ):
        points = [(n, s) for n, s in zip(sizes, seconds, strict=True) if s is not None]
        axis.plot(*zip(*points, strict=True), label=way, **style)
        (first, low), (last, high) = points[0], points[-1]
        said.append(f"{way}: from {low:.3g} s at {first / 1e6:.0f} M to {high:.3g} s at "
                    f"{last / 1e6:.0f} M weights")  # fmt: skip
    axis.set(xscale="log", yscale="log", xlabel="weights", ylabel="seconds")
    axis.grid(color=INK, alpha=0.25, linewidth=0.5)
    axis.legend(frameon=False)
    alt = "Seconds of global pruning against the number of weights. " + "; ".join(said) + "."
    return Plot(figure, "scaling", alt)


def plot_execution_scale(data: Mapping[str, Any]) -> Plot:
    """Cost of a token and kept weight against tokens, a line for each width, both on log scales.

    `data` is that of the claim "execution_scale".  One panel for layers and one for the stack, at
    the highest level; the dashed lines are the bounds: what the dense product takes for a weight
    at its best, and what reading a kept weight from memory once a pass takes.
    """
    from matplotlib.figure import Figure

    from benchmarks.execution_scale import LAYER, LEVELS, STACK, cost

    level = LEVELS[-1]
    figure = Figure(figsize=(7.4, 3.6), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    titles = {LAYER: "one layer", STACK: "two blocks"}
    said = []
    tokens = sorted({cell["tokens"] for cell in data["cells"]})
    for axis, kind in zip(panels, titles, strict=True):
        cells = [cell for cell in data["cells"] if cell["kind"] == kind]
        widths = dict.fromkeys(cell["width"] for cell in cells)
        for width, style in zip(widths, styles(), strict=False):
            own = [cell for cell in cells if cell["width"] == width]
            costs = [1e12 * cost(cell, level) for cell in own]
            axis.plot([cell["tokens"] for cell in own], costs, label=f"{width:,}", **style)
            said.append(
                f"{titles[kind]}, width {width:,}: {costs[0]:.3g} ps at {own[0]['tokens']:,} "
                f"tokens, {costs[-1]:.3g} at {own[-1]['tokens']:,}"
            )
        bound, reading = 1e12 * data["bound"], [8e12 / data["reading"] / count for count in tokens]
        for label, line, dashes in (
            ("dense at its best", [bound] * len(tokens), (6, 3)),
            ("reading weights once", reading, (1, 2)),
        ):
            axis.plot(tokens, line, label=label, color=INK, linewidth=1, linestyle=(0, dashes))
        axis.set(xscale="log", yscale="log", xlabel="tokens", title=titles[kind])
        axis.grid(color=INK, alpha=0.25, linewidth=0.5)
    panels[0].set_ylabel("ps a token and kept weight")
    legend_below(panels[0])
    alt = (
        f"Cost of a token and kept weight at {level:.0%} zeros against tokens. {'; '.join(said)}. "
        f"Bounds: {bound:.3g} ps, the dense product's at its best, and reading from memory, "
        f"{reading[0]:.3g} ps at {tokens[0]:,} tokens."
    )
    return Plot(figure, "execution_scale", alt)
