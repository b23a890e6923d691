"""Figures of what zeros do to language models: what a text costs them, and what they write."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from labkit.plots.axes import by_model, even_axis, lowest, percents
from labkit.plots.figure import INK, Plot, axes_grid, legend_below, percent, styles

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def plot_text_curves(results: pd.DataFrame) -> Plot:
    """Loss, perplexity and bits per byte against sparsity, with 95 % intervals.

    Lines across are those of a uniform guess over the vocabulary.
    """
    panels = (
        ("text_loss", "loss (nats per token)"),
        ("perplexity", "perplexity"),
        ("bits_per_byte", "bits per byte"),
    )
    figure, axes = axes_grid(1, 3, width=3.1, height=2.9)
    for axis, (metric, label) in zip(axes[0], panels, strict=True):
        for (title, rows), style in zip(by_model(results), styles(), strict=False):
            x = percents(rows)
            values, low, high = (_finite(rows[f"{metric}{end}"]) for end in ("", "_low", "_high"))
            axis.plot(x, values, label=f"{title} ({rows['measure'].iloc[0]})", **style)
            axis.fill_between(x, low, high, color=style["color"], alpha=0.15, linewidth=0)
        _lines(axis, (uniform_guess(rows)[metric] for _, rows in by_model(results)))
        if metric == "perplexity":
            axis.set_yscale("log")
        else:
            axis.set_ylim(bottom=0)
        axis.set_ylabel(label)
        even_axis(axis)
    legend_below(axes[0, 1])
    said = []
    for title, rows in by_model(results):
        first, last = rows.iloc[0], rows.iloc[-1]
        said.append(
            f"{title}: {first.measure} from {_rounded(first.perplexity)} "
            f"({first.bits_per_byte:.2f} bits per byte) at {percent(first.level)} sparsity to "
            f"{_rounded(last.perplexity)} ({last.bits_per_byte:.2f}) at {percent(last.level)}, "
            f"{_collapse(rows)}"
        )
    alt = (
        "Loss, perplexity and bits per byte against sparsity, with 95 % bootstrap intervals; lines "
        f"across are a uniform guess over the vocabulary. {'; '.join(said)}."
    )
    return Plot(figure, "text-curves", alt)


def uniform_guess(rows: pd.DataFrame) -> dict[str, float]:
    """Loss, perplexity and bits per byte of a guess that takes all tokens for equally likely."""
    first = rows.iloc[0]
    nats = float(np.log(first.vocabulary))
    return {
        "text_loss": nats,
        "perplexity": float(first.vocabulary),
        "bits_per_byte": nats * float(first.tokens) / (float(first.bytes) * float(np.log(2))),
    }


def plot_text_paired(paired: pd.DataFrame) -> Plot:
    """Change in bits per byte against the lowest level on the same documents, with intervals."""
    figure, axes = axes_grid(1, 1, width=4.8, height=3)
    axis = axes[0, 0]
    models = by_model(paired)
    said = []
    for number, ((title, rows), style) in enumerate(zip(models, styles(), strict=False)):
        change, low, high = (
            rows[f"bits_per_byte_{part}"].to_numpy() for part in ("difference", "low", "high")
        )
        x = percents(rows, number - (len(models) - 1) / 2)
        error = np.nan_to_num(np.stack([change - low, high - change]).clip(0))
        axis.errorbar(x, change, error, label=title, capsize=3, **style)
        last = rows.iloc[-1]
        said.append(
            f"{title} {change[-1]:+.2f} at {percent(last.level)}, worse on {last.higher:.0f} of "
            f"{last.documents:.0f} documents"
        )
    axis.axhline(0, color=INK, linewidth=0.8)
    axis.set_ylabel("change in bits per byte")
    even_axis(axis)
    legend_below(axis)
    alt = (
        f"Change in bits per byte against {lowest(paired)} on the same documents, with 95 % "
        f"intervals of the paired bootstrap: {'; '.join(said)}."
    )
    return Plot(figure, "text-paired", alt)


def plot_writing(results: pd.DataFrame) -> Plot | None:
    """Repeated 4-grams and, of the mini text, grammatical sentences in what models write.

    None where no model wrote anything.
    """
    panels = [("repetition", "repeated 4-grams (%)"), ("grammatical", "grammatical sentences (%)")]
    # A model that writes nothing at some levels has gaps there.
    some = results["written_greedy"] + results["written_drawn"] > 0
    wrote = results[some.groupby(results["model"]).transform("any")]
    panels = [
        (share, label)
        for share, label in panels
        if wrote[[f"{share}_greedy", f"{share}_drawn"]].notna().to_numpy().any()
    ]
    if not panels:
        return None
    figure, axes = axes_grid(1, len(panels), width=3.6, height=2.9)
    for axis, (share, label) in zip(axes[0], panels, strict=True):
        series = [(t, r, way) for t, r in by_model(wrote) for way in ("greedy", "drawn")]
        for (title, rows, way), style in zip(series, styles(), strict=False):
            values = 100 * rows[f"{share}_{way}"]
            axis.plot(percents(rows), values, label=f"{title}, {way}", **style)
        axis.set_ylim(-4, 104)
        axis.set_ylabel(label)
        even_axis(axis)
    legend_below(axes[0, 0])
    said = []
    for title, rows in by_model(wrote):
        for share, label in panels:
            values = [
                f"{_share(row[f'{share}_greedy'])} and {_share(row[f'{share}_drawn'])} at "
                f"{percent(row['level'])}"
                for row in (rows.iloc[0], rows.iloc[-1])
            ]
            said.append(f"{title}, {label.removesuffix(' (%)')}: {' and '.join(values)}")
    alt = (
        "What models write, greedy and drawn, against sparsity: the share of 4-grams that stood in "
        "the same text before"
        + (", and of sentences that the grammar of the mini text has" if len(panels) > 1 else "")
        + f". {'; '.join(said)}."
    )
    return Plot(figure, "text-writing", alt)


def _share(share: float) -> str:
    return "nothing written" if np.isnan(share) else f"{share:.0%}"


def _rounded(value: float) -> str:
    """Three digits, and no exponent up to a million."""
    return f"{float(f'{value:.3g}'):,g}"


def _finite(values: pd.Series) -> np.ndarray:
    """The values, gaps where they are infinite."""
    found = values.to_numpy(dtype=float)
    return np.where(np.isfinite(found), found, np.nan)


def _lines(axis: Axes, values: Iterable[float]) -> None:
    """One line for each value that can be told apart from those before it."""
    drawn: list[float] = []
    for value in values:
        if not any(abs(value - other) < 0.01 * other for other in drawn):
            label = None if drawn else "uniform guess over the vocabulary"
            axis.axhline(value, color=INK, linewidth=1, label=label)
            drawn.append(value)


def _collapse(rows: pd.DataFrame) -> str:
    beyond = rows[rows["text_collapsed"]]
    if beyond.empty:
        return "better than a uniform guess throughout"
    # More zeros can do better again: "from" holds only where no level behind it does.
    if rows["text_collapsed"].iloc[-len(beyond) :].all():
        return f"no better than a uniform guess from {percent(beyond['level'].iloc[0])} on"
    levels = ", ".join(percent(level) for level in beyond["level"])
    return f"no better than a uniform guess at {levels}"
