"""Figures of the criteria that look at the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from labkit.plots.figure import Plot, axes_grid, legend_below, styles

if TYPE_CHECKING:
    import pandas as pd


def plot_criteria(rows: pd.DataFrame, title: str, name: str = "criteria") -> Plot:
    """Loss of each criterion at each goal, of `labkit.book.criteria.scores` (text columns).

    `name` is the figure's, for the page that shows it.
    """
    goals = list(rows["goal"].drop_duplicates())
    labels = [goal if ":" in goal else f"{100 * float(goal):g} %" for goal in goals]
    figure, axes = axes_grid(1, 1, width=5.4, height=3.0)
    axis, said = axes[0, 0], []
    for (criterion, group), style in zip(
        rows.groupby("criterion", sort=False), styles(), strict=False
    ):
        places = np.array([goals.index(goal) for goal in group["goal"]])
        free = np.array([":" not in goal for goal in group["goal"]])
        values = group["loss"].to_numpy()
        axis.plot(places[free], values[free], label=criterion, **style)
        # A pattern is no level between others: no line leads to it.
        axis.plot(places[~free], values[~free], **style | {"linestyle": "none"})
        ends = ", ".join(
            f"{labels[at]} {value:.3f}" for at, value in zip(places, values, strict=True)
        )
        said.append(f"{criterion}: {ends}")
    axis.set_yscale("log")
    axis.set_xticks(range(len(goals)), labels)
    axis.set_xlabel("zeros")
    axis.set_ylabel("loss (nats)")
    legend_below(axis)
    alt = f"Loss of {title} by criterion, on a logarithmic axis. {'; '.join(said)}."
    return Plot(figure, name, alt)


def plot_calibration(rows: pd.DataFrame, title: str) -> Plot:
    """Loss against the number of calibration sequences, and with noise instead of text."""
    figure, axes = axes_grid(1, 1, width=5.0, height=2.9)
    axis, said = axes[0, 0], []
    counts = sorted({int(count) for count in rows["sequences"]})
    for (criterion, group), style in zip(
        rows.groupby("criterion", sort=False), styles(), strict=False
    ):
        text = group[group["text"] == "pairs"].sort_values("sequences", key=lambda s: s.astype(int))
        at = [counts.index(int(count)) for count in text["sequences"]]
        axis.plot(at, text["loss"], label=criterion, **style)
        noise = group[group["text"] == "noise"]["loss"].iloc[0]
        axis.plot([len(counts)], [noise], **style | {"linestyle": "none"})
        pairs = zip(text["sequences"], text["loss"], strict=True)
        ends = ", ".join(f"{count} sequences {loss:.2f}" for count, loss in pairs)
        said.append(f"{criterion}: {ends}, random tokens {noise:.2f}")
    axis.set_yscale("log")
    axis.set_xticks(range(len(counts) + 1), [*map(str, counts), "noise"])
    axis.set_xlabel("calibration sequences")
    axis.set_ylabel("loss (nats)")
    legend_below(axis)
    alt = f"Loss of {title} by what calibrated, on a logarithmic axis. {'; '.join(said)}."
    return Plot(figure, "calibration", alt)
