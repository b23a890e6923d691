"""What the slider of the book moves: a study's figures at every per cent of sparsity.

What follows from counting weights (the cut, the zeros of a patch, the bytes of a format) is exact
at every per cent. What has to be measured (scores, compressed file, time) exists at the levels of
the study only: the page shows the nearest of them and says so, and never interpolates.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from labkit.errors import InputError
from labkit.storage.size import binary_entropy

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

    from labkit.models.prunable import Layer
    from labkit.study.run import Study
    from labkit.weights.summary import WeightSummary

LEVELS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
"""Where scores and time are measured for the slider: the course's levels and some between."""

PARTS = ("histogram", "patch", "scores", "text", "size", "runtime")
"""What an explorer can show, in its order on the page."""

PERCENTS = range(100)
"""The stops of the slider."""

SIDE = 24
"""Rows and columns of the patch of a weight matrix."""

BINS = 96
_KEPT = 100  # `gone` of a weight that no stop of the slider removes
_SCORES = ("accuracy", "accuracy_low", "accuracy_high", "f1", "f1_low", "f1_high")
_RUNTIME = ("runtime_median", "runtime_q25", "runtime_q75")


def explorer_data(study: Study, texts: Mapping[str, Sequence[dict]] | None = None) -> dict:
    """Everything that an explorer of `study` shows, as plain data for JSON.

    Lists named `cut` and those in `bytes` have an entry for each of `PERCENTS`; `measured` has one
    for each level of the study. The models are loaded anew for their weights.

    Args:
        study: of classifiers.
        texts: for names of models a row for each level of the study: `level`, `measure`,
            `perplexity` with `_low` and `_high`, `bits_per_byte`, `vocabulary`, and `sample` and
            `opening`, or None where nothing is written. Without them there is no part "text".

    Raises:
        InputError: a level that is no stop of the slider, or texts at other levels.
    """
    from labkit.models.load import load_model
    from labkit.study.report import notes

    settings = study.settings
    if off := [lv for lv in settings.levels if round(100 * lv) / 100 != lv or lv > 0.99]:
        raise InputError(f"level {off[0]} is no stop of the slider: 0, 0.01, … or 0.99")
    models = []
    for summary, (_, rows) in zip(
        study.weights, study.results.groupby("name", sort=False), strict=True
    ):
        rows = rows.to_dict("records")
        name = rows[0]["name"]
        model = load_model(name, settings.source, head=settings.head, seed=settings.seed).model
        found = (texts or {}).get(name)
        if found and [row["level"] for row in found] != [row["level"] for row in rows]:
            raise InputError(f"the texts of {name} are not of the levels of the study")
        models.append({"name": name, **_model(model, rows, summary, found)})
    first = study.results.iloc[0]
    return {
        "models": models,
        "examples": int(first.examples),
        "majority_accuracy": float(first.majority_accuracy),
        "batch": int(first.runtime_batch),
        "length": int(first.runtime_length),
        "threads": int(first.runtime_threads),
        "texts": texts is not None,
        "notes": notes(study),
    }


def nearest_level(percent: float, levels: list[float]) -> int:
    """Index of the level (in per cent) nearest to `percent`, of two equally near the lower."""
    return min(range(len(levels)), key=lambda i: (abs(levels[i] - percent), levels[i]))


def _model(
    model: PreTrainedModel,
    rows: list[dict],
    summary: WeightSummary,
    texts: Sequence[dict] | None,
) -> dict:
    from labkit.models.prunable import prunable_layers

    layers = prunable_layers(model)
    magnitude = np.concatenate([_flat(layer.weight) for layer in layers])
    # Stable, so that of equal magnitudes the earlier goes first: the rule of `global_masks`.
    order = np.argsort(magnitude, kind="stable")
    drops = np.array([round(percent / 100 * len(order)) for percent in PERCENTS])
    cut = [float(magnitude[order[drop - 1]]) if drop else 0.0 for drop in drops]
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    whole = summary.overall
    limit = float(np.abs(whole.quantiles((0.0005, 0.9995))).max())
    _, counts = whole.histogram(limit, BINS)
    return {
        "title": rows[0]["model"],
        "weights": len(order),
        "cut": cut,
        "zeros": [int(drop) for drop in drops],
        "histogram": {"limit": limit, "counts": [round(count) for count in counts]},
        "patch": _patch(layers, rank, drops),
        "bytes": _bytes(rows[0], layers, drops, int(np.count_nonzero(magnitude))),
        "measured": [
            _measured(row) | {"text": _text(texts[i]) if texts else None}
            for i, row in enumerate(rows)
        ],
    }


def _flat(weight: torch.Tensor) -> np.ndarray:
    return np.abs(weight.detach().float().cpu().numpy()).ravel()


def _patch(layers: list[Layer], rank: np.ndarray, drops: np.ndarray) -> dict:
    """A corner of the first of the largest matrices, outputs as rows whatever the layer's type.

    `gone` has the per cent at which each weight becomes zero.
    """
    sizes = [layer.weight.numel() for layer in layers]
    chosen = int(np.argmax(sizes))
    layer, start = layers[chosen], sum(sizes[:chosen])
    values = layer.weight.detach().float().cpu().numpy()
    ranks = rank[start : start + sizes[chosen]].reshape(values.shape)
    if layer.transposed:
        values, ranks = values.T, ranks.T
    values, ranks = values[:SIDE, :SIDE], ranks[:SIDE, :SIDE]
    gone = np.searchsorted(drops, ranks, side="right")  # the first stop that drops more than rank
    return {
        "parameter": layer.name,
        "columns": values.shape[1],
        "values": [float(value) for value in values.ravel()],
        "gone": [min(int(percent), _KEPT) for percent in gone.ravel()],
    }


def _bytes(row: dict, layers: list[Layer], drops: np.ndarray, nonzero: int) -> dict:
    """Bytes of the whole model in each form, counted as `measure_size` counts them."""
    item, total = layers[0].weight.itemsize, row["prunable"]
    rest = row["file_bytes"] - total * item
    csr = row["csr_bytes"] - row["prunable_nonzero"] * (item + 4)
    mask = row["bitmask_bytes"] - row["prunable_nonzero"] * item
    kept = [min(total - int(drop), nonzero) for drop in drops]
    return {
        "file": row["file_bytes"],
        "csr": [csr + count * (item + 4) for count in kept],
        "bitmask": [mask + count * item for count in kept],
        "entropy": [
            rest + math.ceil(count * item + total * binary_entropy(count / total) / 8)
            for count in kept
        ],
    }


def _measured(row: dict) -> dict:
    from pandas import isna

    collapsed = row["collapsed_to"]
    return {
        "percent": round(100 * row["level"], 6),
        **{name: float(row[name]) for name in (*_SCORES, "share_positive", *_RUNTIME)},
        "collapsed_to": None if isna(collapsed) else int(collapsed),
        "zstd": int(row["zstd_bytes"]),
    }


def _text(row: dict) -> dict:
    numbers = ("perplexity", "perplexity_low", "perplexity_high", "bits_per_byte")
    return {
        **{name: float(row[name]) for name in numbers},
        "measure": str(row["measure"]),
        "vocabulary": int(row["vocabulary"]),
        "sample": row["sample"],
        "opening": row["opening"],
    }
