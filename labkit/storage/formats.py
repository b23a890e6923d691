"""Compare the forms a pruned model can be stored in, at several sparsities."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from labkit.errors import InputError
from labkit.models import float8
from labkit.models.prunable import prunable_layers
from labkit.pruning.masks import check_sparsity
from labkit.pruning.prune import LEVELS, sweep
from labkit.storage.size import binary_entropy, file_sizes, measure_size
from labkit.storage.sparse_file import save_sparse

if TYPE_CHECKING:
    import pandas as pd
    from transformers import PreTrainedModel

FORMS = {
    "file_bytes": "dense",
    "gzip_bytes": "gzip",
    "zstd_bytes": "zstd",
    "coo_bytes": "COO",
    "csr_bytes": "CSR",
    "bitmask_bytes": "bit mask",
    "container_bytes": "save_sparse",
    "entropy_bytes": "mask bound",
}
"""Columns of bytes in the table of `compare_formats`, and their short names."""


def format_sizes(model: PreTrainedModel) -> dict[str, int]:
    """Bytes of `model` as it is in each of `FORMS`.

    Those of `measure_size`, and three more: the dense file compressed by gzip (at its highest
    level), COO counted (values, 32-bit rows and columns, the rest dense), and the file of
    `save_sparse`, really written.

    Raises:
        SourceError: no room for a temporary file.
    """
    size = measure_size(model).row()
    weights = [layer.weight for layer in prunable_layers(model)]
    coo = sum(float8.nonzero(w) * (w.itemsize + 8) - w.numel() * w.itemsize for w in weights)
    _, gzip = file_sizes(model, "gzip")
    with tempfile.TemporaryDirectory(prefix="labkit-") as folder:
        container = save_sparse(model, Path(folder) / "model.sparse").stat().st_size
    size |= {
        "gzip_bytes": gzip,
        "coo_bytes": size["file_bytes"] + coo,
        "container_bytes": container,
    }
    return {form: size[form] for form in FORMS}


def compare_formats(
    model: PreTrainedModel,
    title: str,
    levels: Sequence[float] = (0.0, *LEVELS),
    *,
    method: str = "global",
    seed: int = 0,
    report: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> pd.DataFrame:
    """Prune `model` to each level in turn and measure it in each of `FORMS`; it is put back after.

    Args:
        model: a `transformers` model.
        title: its name in the column `model`.
        levels: sparsities of the prunable weights, 0 to 1.
        method: one of `prune.METHODS`.
        seed: of the method "random".
        report: called with (what, done, total) after each level.

    Returns:
        One row per level: model, level, sparsity, and the bytes of each form.

    Raises:
        InputError: a level outside 0 to 1, an unknown method.
        SourceError: no room for a temporary file.
    """
    import pandas as pd

    rows = []
    report(title, 0, len(levels))
    for pruning in sweep(model, levels, method=method, seed=seed):
        head = {"model": title, "level": pruning.requested, "sparsity": pruning.sparsity}
        rows.append(head | format_sizes(model))
        report(title, len(rows), len(levels))
    return pd.DataFrame(rows)


def formats_table(results: pd.DataFrame) -> pd.DataFrame:
    """The table of `compare_formats` as text: MB, and the share of the dense file."""
    import pandas as pd

    rows = []
    for _, row in results.iterrows():
        shown = {"model": row.model, "sparsity": f"{round(100 * row.sparsity, 2):g} %"}
        for form, label in FORMS.items():
            part = f" {100 * row[form] / row.file_bytes:.1f}\N{NO-BREAK SPACE}%"
            share = "" if form == "file_bytes" else part
            shown[f"{label} (MB)"] = f"{row[form] / 1e6:.2f}{share}"
        rows.append(shown)
    return pd.DataFrame(rows)


def bits_per_weight(
    sparsity: float, value_bits: int = 32, shape: tuple[int, int] = (768, 768)
) -> dict[str, float]:
    """Bits that a matrix takes for each of its weights, zeros included, in five forms.

    Indices have 32 bits; CSR has a start for each row and for the end. "mask bound" is the entropy
    of a random mask with the kept values as they are (Shannon 1948).

    Args:
        sparsity: 0 to 1.
        value_bits: of a stored value: 32 for float32, 16 for half precision.
        shape: rows and columns; only CSR depends on it.

    Raises:
        InputError: a sparsity outside 0 to 1, or a shape without entries.
    """
    if min(shape) < 1:
        raise InputError(f"shape {shape} has no entries: rows and columns are at least 1")
    kept, (rows, columns) = 1 - check_sparsity(sparsity), shape
    return {
        "dense": float(value_bits),
        "COO": kept * (value_bits + 64),
        "CSR": kept * (value_bits + 32) + 32 * (rows + 1) / (rows * columns),
        "bit mask": kept * value_bits + 1,
        "mask bound": kept * value_bits + binary_entropy(kept),
    }
