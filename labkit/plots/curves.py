"""Figures of what zeros do to the scores, and of where the zeros are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from labkit.plots.axes import by_model, even_axis, lowest, percents
from labkit.plots.figure import INK, Plot, axes_grid, legend_below, percent, styles, titled

if TYPE_CHECKING:
    import pandas as pd


def plot_curves(results: pd.DataFrame) -> Plot:
    """Loss, accuracy and F1 against sparsity, with 95 % intervals and the baselines."""
    panels = (
        ("loss", "loss (nats)", "prior_loss", 1),
        ("accuracy", "accuracy (%)", "majority_accuracy", 100),
        ("f1", "F1 (%)", "majority_f1", 100),
    )
    figure, axes = axes_grid(1, 3, width=3.1, height=2.9)
    for axis, (metric, label, baseline, scale) in zip(axes[0], panels, strict=True):
        for (title, rows), style in zip(by_model(results), styles(), strict=False):
            x = percents(rows)
            axis.plot(x, scale * rows[metric], label=title, **style)
            axis.fill_between(
                x,
                scale * rows[f"{metric}_low"],
                scale * rows[f"{metric}_high"],
                color=style["color"],
                alpha=0.15,
                linewidth=0,
            )
        axis.axhline(
            scale * results[baseline].iloc[0], color=INK, linewidth=1, label="constant predictor"
        )
        axis.set_ylabel(label)
        even_axis(axis)
    legend_below(axes[0, 1])
    said = []
    for title, rows in by_model(results):
        first, last = rows.iloc[0], rows.iloc[-1]
        said.append(
            f"{title}: from {first.accuracy:.1%} accuracy (F1 {first.f1:.2f}, loss "
            f"{first.loss:.2f}) at {percent(first.level)} sparsity to {last.accuracy:.1%} (F1 "
            f"{last.f1:.2f}, loss {last.loss:.2f}) at {percent(last.level)}"
        )
    alt = (
        "Loss, accuracy and F1 against sparsity, with 95 % bootstrap intervals. "
        + "; ".join(said)
        + f". Always answering the majority class has {results.majority_accuracy.iloc[0]:.1%}."
    )
    return Plot(figure, "curves", alt)


def plot_layers(layers: pd.DataFrame, title: str) -> Plot:
    """Sparsity of each weight matrix (`Pruning.table`) in the order of the blocks."""
    stacks = list(layers["stack"].drop_duplicates())
    figure, axes = axes_grid(1, len(stacks), width=7 / len(stacks), height=2.6, sharey=True)
    said = []
    for axis, stack, style in zip(axes[0], stacks, styles(), strict=False):
        rows = layers[layers["stack"] == stack]
        axis.scatter(rows["block"], 100 * rows["sparsity"], 22, style["color"], style["marker"])
        mean = 100 * rows.groupby("block")["zeros"].sum() / rows.groupby("block")["weights"].sum()
        axis.plot(mean.index, mean, color=INK, linewidth=1, label="whole block")
        axis.set_xticks(mean.index)
        axis.set_xlabel("block")
        titled(axis, f"{title}: {stack}")
        lowest, highest = rows.loc[rows["sparsity"].idxmin()], rows.loc[rows["sparsity"].idxmax()]
        said.append(
            f"{stack} from {lowest.sparsity:.1%} ({lowest.parameter}) to {highest.sparsity:.1%} "
            f"({highest.parameter})"
        )
    axes[0, 0].set_ylabel("sparsity (%)")
    legend_below(axes[0, -1])
    alt = f"Sparsity of each weight matrix of {title} by block: {'; '.join(said)}."
    return Plot(figure, "layers", alt)


def plot_methods(results: pd.DataFrame) -> Plot:
    """Accuracy against sparsity for each way to choose the weights (column `method`), by model."""
    models = by_model(results)
    figure, axes = axes_grid(1, len(models), width=2.9, height=2.9, sharey=True)
    said = []
    for axis, (title, rows) in zip(axes[0], models, strict=True):
        by_method = rows.groupby("method", sort=False)
        for (method, part), style in zip(by_method, styles(), strict=False):
            x = percents(part)
            axis.plot(x, 100 * part["accuracy"], label=method, **style)
            low, high = 100 * part["accuracy_low"], 100 * part["accuracy_high"]
            axis.fill_between(x, low, high, color=style["color"], alpha=0.12, linewidth=0)
        majority = 100 * rows["majority_accuracy"].iloc[0]
        axis.axhline(majority, color=INK, linewidth=1, label="constant predictor")
        titled(axis, title)
        even_axis(axis)
        table = rows.pivot(index="level", columns="method", values="accuracy")
        apart = (table.max(axis=1) - table.min(axis=1)).idxmax()
        values = [f"{method} {table.loc[apart, method]:.1%}" for method in by_method.groups]
        said.append(f"{title} at {percent(float(apart))}: {', '.join(values)}")
    axes[0, 0].set_ylabel("accuracy (%)")
    legend_below(axes[0, -1])
    alt = (
        "Accuracy against sparsity for each way to choose the weights, with 95 % bootstrap "
        f"intervals. Where they lie furthest apart: {'; '.join(said)}."
    )
    return Plot(figure, "methods", alt)


def plot_paired(paired: pd.DataFrame) -> Plot:
    """Change in accuracy against the lowest level on the same examples, with intervals."""
    figure, axes = axes_grid(1, 1, width=4.8, height=3)
    axis = axes[0, 0]
    models = by_model(paired)
    said = []
    for number, ((title, rows), style) in enumerate(zip(models, styles(), strict=False)):
        change, low, high = (
            100 * rows[f"accuracy_{part}"].to_numpy() for part in ("difference", "low", "high")
        )
        x = percents(rows, number - (len(models) - 1) / 2)
        error = np.stack([change - low, high - change]).clip(0)  # of rounding
        axis.errorbar(x, change, error, label=title, capsize=3, **style)
        said.append(f"{title} {change[-1]:+.1f} points at {percent(rows['level'].iloc[-1])}")
    axis.axhline(0, color=INK, linewidth=0.8)
    axis.set_ylabel("change in accuracy (points)")
    even_axis(axis)
    legend_below(axis)
    alt = (
        f"Change in accuracy against {lowest(paired)} on the same examples, with 95 % intervals of "
        f"the paired bootstrap: {'; '.join(said)}."
    )
    return Plot(figure, "paired", alt)


def plot_collapse(results: pd.DataFrame) -> Plot:
    """What a model that gives up shows: the share it calls positive, and Matthews correlation."""
    first = results.iloc[0]
    positive = first.majority_accuracy if first.majority_class else 1 - first.majority_accuracy
    panels = (
        ("share_positive", "called paraphrases (%)", 100, positive, "share of paraphrases"),
        ("matthews", "Matthews correlation", 1, 0.0, None),
    )
    figure, axes = axes_grid(1, 2, width=3.6, height=2.9)
    for axis, (column, label, scale, line, name) in zip(axes[0], panels, strict=True):
        for (title, rows), style in zip(by_model(results), styles(), strict=False):
            axis.plot(percents(rows), scale * rows[column], label=title, **style)
        axis.axhline(scale * line, color=INK, linewidth=1, label=name)
        axis.set_ylabel(label)
        even_axis(axis)
    legend_below(axes[0, 0])
    said = []
    for title, rows in by_model(results):
        shares = [f"{row.share_positive:.0%} at {percent(row.level)}" for row in rows.itertuples()]
        said.append(f"{title}: {', '.join(shares)}, Matthews {rows.matthews.iloc[-1]:.2f} at last")
    alt = (
        f"Share of pairs called paraphrases against sparsity ({positive:.0%} are), and Matthews "
        f"correlation, which is 0 for a constant answer. {'; '.join(said)}."
    )
    return Plot(figure, "collapse", alt)
