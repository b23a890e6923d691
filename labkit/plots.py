"""Figures from the tables of the study, each with its text description (`labkit.figures`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from labkit.figures import INK, SERIES, Plot, axes_grid, legend_below, percent, styles
from labkit.weights import WeightSummary

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


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
                axis.set_title(summary.title)
            else:
                axis.set_yscale("log")
                positive = density[density > 0]
                axis.set_ylim(positive.min() / 2, positive.max() * 3)
                axis.set_xlabel("weight")
        axes[0, 0].set_ylabel("density")
        axes[1, 0].set_ylabel("density (log)")
        said.append(
            f"{summary.title}: standard deviation {whole.std:.3f}, "
            f"excess kurtosis {whole.excess_kurtosis:.3f}"
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
        x = np.arange(len(blocks))
        for (label, shares), style in zip(bands.items(), styles(), strict=False):
            axis.plot(x, 100 * shares, label=label, **style)
        axis.set_title(f"{summary.title}\n{name}" if len(summary.stacks) > 1 else summary.title)
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


def plot_curves(results: pd.DataFrame) -> Plot:
    """Loss, accuracy and F1 against sparsity, with 95 % intervals and the baselines."""
    panels = (
        ("loss", "loss (nats)", "prior_loss", 1),
        ("accuracy", "accuracy (%)", "majority_accuracy", 100),
        ("f1", "F1 (%)", "majority_f1", 100),
    )
    figure, axes = axes_grid(1, 3, width=3.1, height=2.9)
    for axis, (metric, label, baseline, scale) in zip(axes[0], panels, strict=True):
        for (title, rows), style in zip(_by_model(results), styles(), strict=False):
            x = np.arange(len(rows))
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
        _sparsity_axis(axis, results)
    legend_below(axes[0, 1])
    said = []
    for title, rows in _by_model(results):
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


def plot_size(results: pd.DataFrame) -> Plot:
    """Size of the model in each form that `results` has, relative to the dense file."""
    forms = {
        "file_bytes": "dense file",
        "zstd_bytes": "zstandard",
        "csr_bytes": "CSR (32-bit)",
        "bitmask_bytes": "bit mask",
        "entropy_bytes": "mask bound",
        "gzip_bytes": "gzip",
        "coo_bytes": "COO (32-bit)",
        "container_bytes": "save_sparse",
    }
    forms = {column: label for column, label in forms.items() if column in results}
    models = _by_model(results)
    figure, axes = axes_grid(1, len(models), width=2.9, height=2.9, sharey=True)
    said = []
    for axis, (title, rows) in zip(axes[0], models, strict=True):
        for (column, label), style in zip(forms.items(), styles(), strict=False):
            share = 100 * rows[column].to_numpy() / rows["file_bytes"].to_numpy()
            axis.plot(np.arange(len(rows)), share, label=label, **style)
        axis.set_title(title)
        _sparsity_axis(axis, results)
        last = rows.iloc[-1]
        shares = (
            f"{label} {last[column] / last.file_bytes:.0%}" for column, label in forms.items()
        )
        said.append(f"{title} at {percent(last.level)}: {', '.join(shares)}")
    axes[0, 0].set_ylabel("bytes (% of the dense file)")
    legend_below(axes[0, -1])
    alt = (
        "Size against sparsity in several forms, as a share of the dense file, which stays as it "
        "is; sparse forms shrink. "
    )
    return Plot(figure, "size", alt + "; ".join(said) + ".")


def plot_runtime(results: pd.DataFrame) -> Plot:
    """Time of a forward pass of the dense code against sparsity, with quartiles."""
    figure, axes = axes_grid(1, 1, width=4.6, height=3.2)
    axis = axes[0, 0]
    said = []
    for (title, rows), style in zip(_by_model(results), styles(), strict=False):
        median, low, high = (
            1000 * rows[f"runtime_{name}"].to_numpy() for name in ("median", "q25", "q75")
        )
        error = np.stack([median - low, high - median])
        axis.errorbar(np.arange(len(rows)), median, error, label=title, capsize=3, **style)
        said.append(f"{title} {median[0]:.1f} ms dense and {median[-1]:.1f} ms at the last level")
    axis.set_ylabel("forward pass (ms)")
    axis.set_ylim(bottom=0)
    _sparsity_axis(axis, results)
    legend_below(axis)
    first = results.iloc[0]
    alt = (
        f"Median time of a forward pass ({first.runtime_batch} sequences of "
        f"{first.runtime_length} tokens, {first.runtime_threads} "
        f"thread{'s' * int(first.runtime_threads > 1)}) against sparsity, zeros "
        f"multiplied like any other number: {'; '.join(said)}."
    )
    return Plot(figure, "runtime", alt)


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
        axis.set_title(f"{title}: {stack}")
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
    models = _by_model(results)
    figure, axes = axes_grid(1, len(models), width=2.9, height=2.9, sharey=True)
    said = []
    for axis, (title, rows) in zip(axes[0], models, strict=True):
        by_method = rows.groupby("method", sort=False)
        for (method, part), style in zip(by_method, styles(), strict=False):
            x = np.arange(len(part))
            axis.plot(x, 100 * part["accuracy"], label=method, **style)
            low, high = 100 * part["accuracy_low"], 100 * part["accuracy_high"]
            axis.fill_between(x, low, high, color=style["color"], alpha=0.12, linewidth=0)
        majority = 100 * rows["majority_accuracy"].iloc[0]
        axis.axhline(majority, color=INK, linewidth=1, label="constant predictor")
        axis.set_title(title)
        _sparsity_axis(axis, results)
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
    """Change in accuracy against the dense model on the same examples, with intervals."""
    figure, axes = axes_grid(1, 1, width=4.8, height=3)
    axis = axes[0, 0]
    models = _by_model(paired)
    said = []
    for number, ((title, rows), style) in enumerate(zip(models, styles(), strict=False)):
        change, low, high = (
            100 * rows[f"accuracy_{part}"].to_numpy() for part in ("difference", "low", "high")
        )
        x = np.arange(len(rows)) + 0.12 * (number - (len(models) - 1) / 2)
        error = np.stack([change - low, high - change])
        axis.errorbar(x, change, error, label=title, capsize=3, **style)
        said.append(f"{title} {change[-1]:+.1f} points at {percent(rows['level'].iloc[-1])}")
    axis.axhline(0, color=INK, linewidth=0.8)
    axis.set_ylabel("change in accuracy (points)")
    _sparsity_axis(axis, paired)
    legend_below(axis)
    alt = (
        "Change in accuracy against the dense model on the same examples, with 95 % intervals of "
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
        for (title, rows), style in zip(_by_model(results), styles(), strict=False):
            axis.plot(np.arange(len(rows)), scale * rows[column], label=title, **style)
        axis.axhline(scale * line, color=INK, linewidth=1, label=name)
        axis.set_ylabel(label)
        _sparsity_axis(axis, results)
    legend_below(axes[0, 0])
    said = []
    for title, rows in _by_model(results):
        shares = [f"{row.share_positive:.0%} at {percent(row.level)}" for row in rows.itertuples()]
        said.append(f"{title}: {', '.join(shares)}, Matthews {rows.matthews.iloc[-1]:.2f} at last")
    alt = (
        f"Share of pairs called paraphrases against sparsity ({positive:.0%} are), and Matthews "
        f"correlation, which is 0 for a constant answer. {'; '.join(said)}."
    )
    return Plot(figure, "collapse", alt)


def plot_recall(recalls: pd.DataFrame) -> Plot:
    """Recall of both classes (`trials.recall_by_class`) against sparsity, a panel per model."""
    classes = {"recall_1": "paraphrases", "recall_0": "no paraphrases"}
    models = _by_model(recalls)
    figure, axes = axes_grid(1, len(models), width=2.9, height=2.7, sharey=True)
    said = []
    for axis, (title, rows) in zip(axes[0], models, strict=True):
        for (column, label), style in zip(classes.items(), styles(), strict=False):
            axis.plot(np.arange(len(rows)), 100 * rows[column], label=label, **style)
        axis.set_title(title)
        _sparsity_axis(axis, recalls)
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
    figure, axes = axes_grid(1, 2, width=3.6, height=2.9)
    stacks = list(drops["stack"].drop_duplicates())
    panels = (("accuracy_drop", "drop in accuracy (points)", 100), ("loss_rise", "rise in loss", 1))
    for axis, (column, label, scale) in zip(axes[0], panels, strict=True):
        for stack, style in zip(stacks, styles(), strict=False):
            rows = drops[drops["stack"] == stack]
            axis.scatter(
                rows["block"],
                scale * rows[column],
                26,
                style["color"],
                style["marker"],
                label=stack,
            )
        axis.axhline(0, color=INK, linewidth=0.8)
        axis.set_xticks(sorted(drops["block"].unique()))
        axis.set_xlabel("block")
        axis.set_ylabel(label)
    if len(stacks) > 1:
        legend_below(axes[0, 0])
    worst, least = drops.loc[drops["loss_rise"].idxmax()], drops.loc[drops["loss_rise"].idxmin()]
    alt = (
        f"{title} with one weight matrix alone pruned to {percent(level)}, each in turn, by "
        f"block. The loss rises most, by {worst.loss_rise:.2f}, for {worst.parameter} (accuracy "
        f"{-100 * worst.accuracy_drop:+z.1f} points), and least, by {least.loss_rise:z.3f}, for "
        f"{least.parameter} (accuracy {-100 * least.accuracy_drop:+z.1f} points)."
    )
    return Plot(figure, "sensitivity", alt)


def plot_recovery(rows: pd.DataFrame, title: str) -> Plot:
    """Accuracy and F1 with intervals in the states of `trials.recovery`."""
    figure, axes = axes_grid(1, 2, width=3.3, height=2.6)
    x = np.arange(len(rows))
    style = {key: value for key, value in styles()[0].items() if key != "linestyle"}
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
    levels = rows["level"].drop_duplicates().tolist()
    figure, axes = axes_grid(1, 1, width=4.6, height=2.9)
    axis = axes[0, 0]
    names = {"global": "by magnitude", "random": "at random (one point per seed)"}
    said = []
    for (method, label), style in zip(names.items(), styles(), strict=False):
        chosen = rows[rows["method"] == method]
        x = [levels.index(level) + (0.1 if method == "random" else -0.1) for level in chosen.level]
        axis.scatter(
            x, 100 * chosen["accuracy"], 26, style["color"], style["marker"], label=label, alpha=0.8
        )
    for level, group in rows.groupby("level"):
        magnitude = group[group["method"] == "global"]["accuracy"].iloc[0]
        drawn = group[group["method"] == "random"]["accuracy"]
        said.append(
            f"at {percent(level)} {magnitude:.1%} by magnitude and {drawn.min():.1%} to "
            f"{drawn.max():.1%} at random"
        )
    axis.set_ylabel("accuracy (%)")
    axis.set_ylim(-5, 105)
    _sparsity_axis(axis, rows)
    legend_below(axis)
    seeds = rows.loc[rows["method"] == "random", "seed"].nunique()
    alt = f"Accuracy of {title}, pruned with {seeds} seeds: {'; '.join(said)}."
    return Plot(figure, "random", alt)


def _by_model(results: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    return [(str(t), rows) for t, rows in results.groupby("model", sort=False)]


def _sparsity_axis(axis: Axes, results: pd.DataFrame) -> None:
    """One step per level: the levels crowd together near 100 % on a linear axis."""
    levels = results["level"].drop_duplicates().tolist()
    axis.set_xticks(range(len(levels)), [f"{100 * level:g}" for level in levels])
    axis.set_xlabel("sparsity (%)")
