"""What figures over levels of sparsity share: rows by model, and the axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.plots.figure import percent

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes


def by_model(results: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The rows of each model under its title, in the order of the table."""
    return [(str(t), rows) for t, rows in results.groupby("model", sort=False)]


def percents(rows: pd.DataFrame, beside: float = 0.0) -> np.ndarray:
    """Where the levels of `rows` stand on the axis; `beside` moves them, in percent."""
    return 100 * rows["level"].to_numpy(dtype=float) + beside


def lowest(rows: pd.DataFrame) -> str:
    """What the levels of `rows` are compared with, in words: the lowest one of each model."""
    levels = [percent(part["level"].iloc[0]) for _, part in by_model(rows)]
    if all(level == percent(0) for level in levels):
        return "the dense model"
    return f"the same model at {', '.join(dict.fromkeys(levels))}"


def even_axis(axis: Axes) -> None:
    """An even axis: a step from 50 to 90 % is four times as long as one from 0 to 10 %."""
    from matplotlib.ticker import MaxNLocator

    axis.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=(1, 2, 2.5, 5, 10)))
    axis.set_xlabel("sparsity (%)")
