"""What figures over levels of sparsity share: rows by model, and the axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def by_model(results: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The rows of each model under its title, in the order of the table."""
    return [(str(t), rows) for t, rows in results.groupby("model", sort=False)]


def sparsity_axis(axis: Axes, results: pd.DataFrame) -> None:
    """One step per level: the levels crowd together near 100 % on a linear axis."""
    levels = results["level"].drop_duplicates().tolist()
    axis.set_xticks(range(len(levels)), [f"{100 * level:g}" for level in levels])
    axis.set_xlabel("sparsity (%)")
