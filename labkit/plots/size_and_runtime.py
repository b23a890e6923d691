"""Figures of what a study measured of size and runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from labkit.plots.axes import by_model, even_axis, percents
from labkit.plots.figure import Plot, axes_grid, legend_below, percent, styles, titled

if TYPE_CHECKING:
    import pandas as pd


def plot_size(results: pd.DataFrame) -> Plot:
    """Size of the model in each form that `results` has.

    Above relative to the dense file, below to the mask bound, where forms differ that lie close
    together above.
    """
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
    models = by_model(results)
    figure, axes = axes_grid(2, len(models), width=2.9, height=2.4, sharey="row")
    said = []
    for (above, below), (title, rows) in zip(axes.T, models, strict=True):
        x = percents(rows)
        for (column, label), style in zip(forms.items(), styles(), strict=False):
            taken = rows[column].to_numpy()
            above.plot(x, 100 * taken / rows["file_bytes"].to_numpy(), label=label, **style)
            below.plot(x, taken / rows["entropy_bytes"].to_numpy(), **style)
        titled(above, title)
        below.set_ylim(0.9, 1.25)  # what is further away is told apart above
        even_axis(below)
        above.sharex(below)
        above.tick_params(labelbottom=False)
        last = rows.iloc[-1]
        shares = (
            f"{label} {last[column] / last.file_bytes:.0%}" for column, label in forms.items()
        )
        bounds = (
            f"{label} {last[column] / last.entropy_bytes:.2f}" for column, label in forms.items()
        )
        said.append(
            f"{title} at {percent(last.level)}: {', '.join(shares)} of the dense file; "
            f"{', '.join(bounds)} times the mask bound"
        )
    axes[0, 0].set_ylabel("% of the dense file")
    axes[1, 0].set_ylabel("times the mask bound")
    legend_below(axes[0, -1])
    alt = (
        "Size against sparsity in several forms, above as a share of the dense file, which stays "
        "as it is while sparse forms shrink, below as a multiple of the mask bound. "
    )
    return Plot(figure, "size", alt + "; ".join(said) + ".")


def plot_runtime(results: pd.DataFrame) -> Plot:
    """Time of a forward pass of the dense code against sparsity, with quartiles."""
    figure, axes = axes_grid(1, 1, width=4.6, height=3.2)
    axis = axes[0, 0]
    said = []
    models = by_model(results)
    for number, ((title, rows), style) in enumerate(zip(models, styles(), strict=False)):
        median, low, high = (
            1000 * rows[f"runtime_{name}"].to_numpy() for name in ("median", "q25", "q75")
        )
        error = np.stack([median - low, high - median])
        x = percents(rows, number - (len(models) - 1) / 2)
        axis.errorbar(x, median, error, label=title, capsize=3, **style)
        levels = [percent(level) for level in rows["level"]]
        said.append(
            f"{title} {median[0]:.1f} ms at {levels[0]} and {median[-1]:.1f} ms at {levels[-1]}"
        )
    axis.set_ylabel("forward pass (ms)")
    axis.set_ylim(bottom=0)
    even_axis(axis)
    legend_below(axis)
    first = results.iloc[0]
    alt = (
        f"Median time of a forward pass ({first.runtime_batch} sequences of "
        f"{first.runtime_length} tokens, {first.runtime_threads} "
        f"thread{'s' * int(first.runtime_threads > 1)}) against sparsity, zeros "
        f"multiplied like any other number: {'; '.join(said)}."
    )
    return Plot(figure, "runtime", alt)
