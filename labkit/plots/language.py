"""Figures of language models: what they pay for a text, and what they write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from labkit.plots.axes import by_model, even_axis, percents
from labkit.plots.figure import INK, Plot, axes_grid, legend_below, percent, styles

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


def plot_perplexity(results: pd.DataFrame, *, simpler: Mapping[str, float] | None = None) -> Plot:
    """Perplexity against sparsity with its intervals, and a uniform guess over the vocabulary.

    The axis ends at a hundred times the guess: what is beyond stands in the description.
    `results` has the columns of `labkit.book.language.curves`; `simpler` names other perplexities
    on the same tokens, such as that of a trigram model.
    """
    figure, axes = axes_grid(1, 1, width=5.4, height=3.4)
    axis, said = axes[0, 0], []
    for (title, rows), style in zip(by_model(results), styles(), strict=False):
        x = percents(rows)
        axis.plot(x, rows["perplexity"], label=f"{title}, {rows['kind'].iloc[0]}", **style)
        low, high = rows["perplexity_low"], rows["perplexity_high"]
        axis.fill_between(x, low, high, color=style["color"], alpha=0.15, linewidth=0)
        ends = [f"{percent(row.level)} {row.perplexity:,.2f}" for row in rows.itertuples()]
        said.append(f"{title} ({rows['measure'].iloc[0]}): {', '.join(ends)}")
    guess = float(results["vocabulary"].iloc[0])
    axis.axhline(guess, color=INK, linewidth=1, label="a uniform guess")
    # Side by side, so that lines that lie close do not write over each other.
    for place, (name, value) in enumerate((simpler or {}).items()):
        axis.axhline(value, color=INK, linewidth=0.6, linestyle=":")
        at = (16 * place, value)
        axis.annotate(
            f"{name} model", at, (0, 2), textcoords="offset points", color=INK, fontsize=7
        )
    axis.set_yscale("log")
    axis.set_ylim(1, 100 * guess)
    axis.set_ylabel("perplexity")
    even_axis(axis)
    legend_below(axis, columns=2)
    alt = (
        "Perplexity on the mini text against sparsity, on a logarithmic axis. "
        f"{'; '.join(said)}. A uniform guess over the vocabulary has {guess:,.0f}."
    )
    return Plot(figure, "perplexity", alt)


def plot_two_measures(text: pd.DataFrame, pairs: pd.DataFrame, title: str, vocabulary: int) -> Plot:
    """How far text and pairs are kept, one panel each, for one model at the same levels.

    Columns `level`, `loss` with its ends (nats per token) of `text`, and `accuracy` with its ends
    and `majority_accuracy` of `pairs`.
    """
    figure, axes = axes_grid(1, 2, width=3.6, height=2.9)
    panels = (
        (text, "text_loss", 1, "nats per token", float(np.log(vocabulary)), "a uniform guess"),
        (
            pairs,
            "accuracy",
            100,
            "accuracy on pairs (%)",
            100 * pairs["majority_accuracy"].iloc[0],
            "always the more frequent answer",
        ),
    )
    for axis, (rows, column, scale, label, line, name), style in zip(
        axes[0], panels, styles(), strict=False
    ):
        x = percents(rows)
        axis.plot(x, scale * rows[column], **style)
        low, high = scale * rows[f"{column}_low"], scale * rows[f"{column}_high"]
        axis.fill_between(x, low, high, color=style["color"], alpha=0.15, linewidth=0)
        axis.axhline(line, color=INK, linewidth=1)
        axis.set_title(name, fontsize=8, loc="right")
        axis.set_ylabel(label)
        even_axis(axis)
        axis.tick_params(axis="x", labelsize=7)
    both = zip(text.itertuples(), pairs.itertuples(), strict=True)
    said = [f"{percent(t.level)}: {t.text_loss:.2f} nats and {p.accuracy:.1%}" for t, p in both]
    alt = (
        f"Loss on text and accuracy on pairs of {title} against sparsity. {'; '.join(said)}. The "
        f"lines are the loss of a uniform guess, {np.log(vocabulary):.2f} nats, and the accuracy "
        f"of always giving the more frequent answer, {pairs['majority_accuracy'].iloc[0]:.1%}."
    )
    return Plot(figure, "two-measures", alt)


def plot_written(rows: pd.DataFrame, title: str) -> Plot:
    """Repeated 4-grams and grammatical sentences, of `labkit.book.language.samples`."""
    panels = (("repeated", "repeated 4-grams (%)"), ("grammatical", "grammatical sentences (%)"))
    names = {"greedy": "the likeliest token", "drawn": "drawn tokens"}
    figure, axes = axes_grid(1, 2, width=3.6, height=2.9)
    for axis, (column, label) in zip(axes[0], panels, strict=True):
        for (way, name), style in zip(names.items(), styles(), strict=False):
            axis.plot(percents(rows), 100 * rows[f"{way}_{column}"], label=name, **style)
        axis.set_ylabel(label)
        axis.set_ylim(-5, 105)
        even_axis(axis)
        axis.tick_params(axis="x", labelsize=7)
    legend_below(axes[0, 0])
    said = [
        f"{percent(row.level)}: {row.greedy_repeated:.0%} repeated and {row.greedy_grammatical:.0%}"
        f" grammatical by the likeliest token, {row.drawn_repeated:.0%} and "
        f"{row.drawn_grammatical:.0%} drawn"
        for row in rows.itertuples()
    ]
    alt = f"What {title} writes against sparsity. {'; '.join(said)}."
    return Plot(figure, "written", alt)


def plot_decoders(real: pd.DataFrame, title: str, mini: pd.DataFrame, mini_title: str) -> Plot:
    """Bits per byte of a real decoder by criterion, and of a mini one, against sparsity.

    `real` has the rows that `benchmarks.real_text` keeps, of one calibration for each criterion and
    with sparsities as goals; `mini` those of `labkit.book.language.curves`.  Two texts: the curves
    may be compared in their shape.
    """
    figure, axes = axes_grid(1, 1, width=5.4, height=3.4)
    axis, looks = axes[0, 0], iter(styles())
    dense = real[real["criterion"] == "dense"]
    levels = real["goal"].astype(float)
    said = []
    rest = real[real["criterion"] != "dense"].groupby("criterion", sort=False)
    series = [(f"{title}, {criterion}", rows) for criterion, rows in rest]
    for name, rows in series:
        x = [0.0, *levels[rows.index]]
        y = [*dense["bits_per_byte"], *rows["bits_per_byte"]]
        order = np.argsort(x)
        x, y = 100 * np.array(x)[order], np.array(y)[order]
        axis.plot(x, y, label=name, **next(looks))
        ends = ", ".join(f"{at:g} % {value:.2f}" for at, value in zip(x, y, strict=True))
        said.append(f"{name}: {ends}")
    shown = mini[mini["level"] <= levels.max()]
    style = {**next(looks), "color": INK}
    x, y = 100 * shown["level"], shown["bits_per_byte"]
    axis.plot(x, y, label=f"{mini_title}, global magnitude", **style)
    ends = ", ".join(f"{at:g} % {value:.2f}" for at, value in zip(x, y, strict=True))
    said.append(f"{mini_title}, on its own text: {ends}")
    axis.set_yscale("log")
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.yaxis.set_minor_formatter(
        lambda value, _: f"{value:g}" if value in (0.2, 0.5, 2, 5) else ""
    )
    axis.set_xlabel("sparsity (%)")
    axis.set_ylabel("bits per byte")
    legend_below(axis, columns=2)
    return Plot(
        figure, "decoders", f"Bits per byte against sparsity, logarithmic. {'; '.join(said)}."
    )
