"""Figures of what zeros cost and save: bits, layers, whole models, and Amdahl's limit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from labkit.plots.axes import even_axis, percents
from labkit.plots.figure import INK, Plot, axes_grid, legend_below, percent, styles, titled
from labkit.storage.formats import bits_per_weight

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from labkit.execution.calibration import Times


def plot_bits(value_bits: tuple[int, ...] = (32, 16), shape: tuple[int, int] = (768, 768)) -> Plot:
    """Bits for each weight of a matrix against sparsity, in the forms of `bits_per_weight`."""
    figure, axes = axes_grid(1, len(value_bits), width=3.6, height=3)
    sparsities = np.linspace(0, 1, 101)
    said = []
    for axis, bits in zip(axes[0], value_bits, strict=True):
        taken = [bits_per_weight(float(s), bits, shape) for s in sparsities]
        for form, style in zip(taken[0], styles(), strict=False):
            axis.plot(100 * sparsities, [t[form] for t in taken], label=form, markevery=20, **style)
        axis.set_ylim(0, 1.5 * bits)
        axis.set_xlabel("sparsity (%)")
        axis.set_title(f"values of {bits} bits")
        at = taken[90]
        shown = ", ".join(f"{form} {value:.1f}" for form, value in at.items())
        said.append(f"values of {bits} bits: {shown}")
    axes[0, 0].set_ylabel("bits for each weight")
    legend_below(axes[0, 0])
    alt = (
        "Bits for each weight, zeros included, against sparsity. Dense is a flat line, the others "
        f"fall in a straight or nearly straight line. At 90 %, {'; '.join(said)}."
    )
    return Plot(figure, "bits", alt)


def plot_layer_times(times: Mapping[str, Times]) -> Plot:
    """Time of one sparse layer in units of the dense one, a panel for each title in `times`."""
    from labkit.execution.calibration import SPARSITIES

    names = {"csr": "torch, CSR", "kernel": "labkit's kernel"}
    figure, axes = axes_grid(1, len(times), width=3.6, height=2.9)
    said = []
    for axis, (title, measured) in zip(axes[0], times.items(), strict=True):
        found = []
        for (method, label), style in zip(names.items(), styles(), strict=False):
            if method not in measured.sparse:
                continue
            share = np.array(measured.sparse[method]) / measured.dense
            axis.plot(100 * np.array(SPARSITIES), share, label=label, **style)
            found.append(f"{label} {share[0]:.2f} at {percent(SPARSITIES[0])}, {share[-1]:.2f} at "
                         f"{percent(SPARSITIES[-1])}")  # fmt: skip
        axis.axhline(1, color=INK, linewidth=1, label="dense layer")
        axis.set_xlabel("sparsity (%)")
        titled(axis, title)
        _plain_log(axis, "y")
        said.append(f"{title}: {', '.join(found)}")
    axes[0, 0].set_ylabel("time / dense time (log)")
    legend_below(axes[0, 0])
    alt = (
        "Time of a sparse layer against its sparsity, in units of the dense layer's; below 1 it is "
        f"faster. {'; '.join(said)}."
    )
    return Plot(figure, "layer-times", alt)


def plot_speedups(rows: pd.DataFrame) -> Plot:
    """How many times as fast whole models are with sparse layers, and at most could be.

    `rows` has batch, model, level, times (over dense) and limit; a panel for each batch.
    """
    batches = rows.groupby("batch", sort=False)
    figure, axes = axes_grid(1, len(batches), width=3.6, height=3)
    said = []
    for axis, (batch, part) in zip(axes[0], batches, strict=True):
        models = part.groupby("model", sort=False)
        for (model, line), style in zip(models, styles(), strict=False):
            axis.plot(percents(line), line["times"], label=str(model), **style)
            limit = float(line["limit"].iloc[0])
            axis.axhline(limit, color=style["color"], linestyle=style["linestyle"], linewidth=0.8)
            reached = ", ".join(
                f"{row.times:.1f} at {percent(row.level)}" for row in line.itertuples()
            )
            said.append(f"{model}, {batch}: {reached}, limit {limit:.1f}")
        axis.axhline(1, color=INK, linewidth=0.8)
        _plain_log(axis, "y")
        even_axis(axis)
        axis.set_title(str(batch))
    axes[0, 0].set_ylabel("times as fast as dense (log)")
    legend_below(axes[0, 0])
    alt = (
        "How many times as fast a forward pass is with sparse layers, against sparsity; a flat "
        f"line of the same style is the limit of each model. {'; '.join(said)}."
    )
    return Plot(figure, "speedups", alt)


def plot_amdahl(shares: Mapping[str, float]) -> Plot:
    """What a faster layer is worth for the whole: `shares` maps a title to the layers' share."""
    from labkit.execution.amdahl import amdahl

    figure, axes = axes_grid(1, 1, width=4.8, height=3)
    axis = axes[0, 0]
    factors = np.geomspace(1, 100, 61)
    said = []
    for (title, share), style in zip(shares.items(), styles(), strict=False):
        whole = [amdahl(share, float(factor)) for factor in factors]
        axis.plot(
            factors, whole, label=f"{title}: {percent(round(share, 2))}", markevery=12, **style
        )
        said.append(f"with {share:.0%} of the time in layers ({title}) layers that are 10 times as "
                    f"fast make the whole {amdahl(share, 10):.1f} times as fast, free ones "
                    f"{amdahl(share, float('inf')):.1f}")  # fmt: skip
    axis.plot(factors, factors, color=INK, linewidth=0.8, label="no rest")
    axis.set(xlabel="layers: times as fast", ylabel="whole model: times as fast")
    _plain_log(axis, "xy")
    legend_below(axis)
    alt = "Amdahl's law, the speed of the whole against that of its layers: " + "; ".join(said)
    return Plot(figure, "amdahl", alt + ".")


def _plain_log(axis: Axes, which: str) -> None:
    """Log scales with plain numbers at 1, 2 and 5 of each decade."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    for name in which:
        getattr(axis, f"set_{name}scale")("log")
        scale = getattr(axis, f"{name}axis")
        scale.set_major_locator(LogLocator(subs=(1, 2, 5)))
        scale.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        scale.set_minor_locator(NullLocator())
