"""Figures of the small experiments of the last chapter."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from labkit.plots.axes import by_model, even_axis, percents
from labkit.plots.figure import INK, Plot, axes_grid, legend_below, percent, styles, titled

if TYPE_CHECKING:
    import pandas as pd


def plot_recall(recalls: pd.DataFrame) -> Plot:
    """Recall of both classes (`trials.recall_by_class`) against sparsity, a panel per model."""
    classes = {"recall_1": "paraphrases", "recall_0": "no paraphrases"}
    models = by_model(recalls)
    figure, axes = axes_grid(1, len(models), width=2.9, height=2.7, sharey=True)
    said = []
    for axis, (title, rows) in zip(axes[0], models, strict=True):
        for (column, label), style in zip(classes.items(), styles(), strict=False):
            axis.plot(percents(rows), 100 * rows[column], label=label, **style)
        titled(axis, title)
        even_axis(axis)
        ends = [
            f"{percent(row.level)}: {row.recall_1:.0%} and {row.recall_0:.0%}"
            for row in rows.itertuples()
        ]
        said.append(f"{title} at {', '.join(ends)}")
    axes[0, 0].set_ylabel("recall (%)")
    axes[0, 0].set_ylim(-5, 105)
    legend_below(axes[0, -1])
    alt = "Recall of paraphrases and of other pairs against sparsity. " + "; ".join(said) + "."
    return Plot(figure, "recall", alt)


def plot_sensitivity(drops: pd.DataFrame, title: str, level: float) -> Plot:
    """Drop in accuracy and rise in loss with one matrix alone pruned (`layer_sensitivity`)."""
    figure, axes = axes_grid(1, 2, width=3.6, height=3.2)
    kinds = drops["parameter"].map(_kind)
    names = list(kinds.drop_duplicates())
    panels = (("accuracy_drop", "drop in accuracy (points)", 100), ("loss_rise", "rise in loss", 1))
    for axis, (column, label, scale) in zip(axes[0], panels, strict=True):
        for number, (kind, style) in enumerate(zip(names, styles(), strict=False)):
            rows = drops[kinds == kind]
            beside = 0.5 * (number - (len(names) - 1) / 2) / len(names)
            axis.scatter(
                rows["block"] + beside,
                scale * rows[column],
                26,
                style["color"],
                style["marker"],
                label=kind,
            )
        axis.axhline(0, color=INK, linewidth=0.8)
        axis.set_xticks(sorted(drops["block"].unique()))
        axis.set_xlabel("block")
        axis.set_ylabel(label)
    legend_below(axes[0, 0])
    worst, least = drops.loc[drops["loss_rise"].idxmax()], drops.loc[drops["loss_rise"].idxmin()]
    alt = (
        f"{title} with one weight matrix alone pruned to {percent(level)}, each in turn, by "
        f"block. The loss rises most, by {worst.loss_rise:.2f}, for {worst.parameter} (accuracy "
        f"{-100 * worst.accuracy_drop:+z.1f} points), and least, by {least.loss_rise:z.3f}, for "
        f"{least.parameter} (accuracy {-100 * least.accuracy_drop:+z.1f} points)."
    )
    return Plot(figure, "sensitivity", alt)


def _kind(parameter: str) -> str:
    """What a matrix is called in its block: behind the number, and which stack if there are two."""
    stack = "decoder " if ".decoder." in parameter else ""
    return stack + re.sub(r"^.*?\.\d+\.", "", parameter).removesuffix(".weight")


def plot_recovery(rows: pd.DataFrame, title: str) -> Plot:
    """Accuracy and F1 with intervals in the states of `trials.recovery`."""
    figure, axes = axes_grid(1, 2, width=3.3, height=2.6)
    x = np.arange(len(rows))
    style = {key: value for key, value in next(styles()).items() if key != "linestyle"}
    panels = (
        ("accuracy", "accuracy (%)", "majority_accuracy"),
        ("f1", "F1 (%)", "majority_f1"),
    )
    for axis, (metric, label, baseline) in zip(axes[0], panels, strict=True):
        value, low, high = (100 * rows[metric + end].to_numpy() for end in ("", "_low", "_high"))
        error = np.stack([value - low, high - value])
        axis.errorbar(x, value, error, capsize=4, linestyle="none", **style)
        axis.axhline(
            100 * rows[baseline].iloc[0], color=INK, linewidth=1, label="constant predictor"
        )
        axis.set_xticks(x, rows["state"])
        axis.set_xlim(-0.5, len(rows) - 0.5)
        axis.set_ylim(-5, 105)
        axis.set_ylabel(label)
    legend_below(axes[0, 0])
    said = [
        f"{row.state} {row.accuracy:.1%} (F1 {row.f1:.2f}) at {percent(round(row.sparsity, 3))}"
        for row in rows.itertuples()
    ]
    alt = f"Accuracy and F1 of {title} with 95 % intervals: {', '.join(said)} sparsity."
    return Plot(figure, "recovery", alt)


def plot_random(rows: pd.DataFrame, title: str) -> Plot:
    """Accuracy after dropping weights by magnitude and at random, one point per seed."""
    figure, axes = axes_grid(1, 1, width=5.2, height=3.2)
    axis = axes[0, 0]
    drawn = rows[rows["method"] == "random"]
    seeds = sorted(drawn["seed"].unique())
    magnitude, random = islice(styles(), 2)
    chosen = rows[rows["method"] == "global"].drop_duplicates("level")
    gap = float(np.diff(percents(chosen.sort_values("level"))).min(initial=10))
    axis.scatter(
        percents(chosen, -gap / 6),
        100 * chosen["accuracy"],
        26,
        magnitude["color"],
        magnitude["marker"],
        label="by magnitude",
    )
    # Side by side: seeds that end alike would hide each other.
    beside = drawn["seed"].map(seeds.index).to_numpy() * gap / 2 / max(1, len(seeds) - 1)
    axis.scatter(
        percents(drawn) + beside,
        100 * drawn["accuracy"],
        14,
        random["color"],
        random["marker"],
        label="at random, one per seed",
    )
    spread = drawn.groupby("level", as_index=False)["accuracy"].agg(["min", "max"])
    axis.vlines(
        percents(spread, gap / 4),
        100 * spread["min"],
        100 * spread["max"],
        color=random["color"],
        linewidth=10,
        alpha=0.2,
        label="lowest to highest",
    )
    said = []
    for level, group in rows.groupby("level"):
        magnitude = group[group["method"] == "global"]["accuracy"].iloc[0]
        ends = group[group["method"] == "random"]["accuracy"]
        said.append(
            f"at {percent(level)} {magnitude:.1%} by magnitude and {ends.min():.1%} to "
            f"{ends.max():.1%} at random"
        )
    axis.set_ylabel("accuracy (%)")
    even_axis(axis)
    axis.set_xticks(percents(chosen))
    legend_below(axis)
    alt = f"Accuracy of {title}, pruned with {len(seeds)} seeds: {'; '.join(said)}."
    return Plot(figure, "random", alt)
