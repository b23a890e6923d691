"""How the weights of a model are distributed: shares, moments, quantiles, histograms, fits.

Everything is gathered in one pass over the weights, a million at a time; the model is never
concatenated or copied.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from labkit.errors import InputError
from labkit.files import replacing
from labkit.models.float8 import check_scales
from labkit.models.prunable import Layer, check_values, prunable_layers
from labkit.models.recomputed import check_hooks
from labkit.weights.distribution import BINS, THRESHOLDS, Distribution, merge
from labkit.weights.tails import Extreme, extremes

if TYPE_CHECKING:
    import pandas as pd
    import torch
    from torch import nn


_CHUNK = 1 << 20


@dataclass(frozen=True, eq=False)
class WeightSummary:
    """Distributions of a model's prunable weights, block by block, in the order of the blocks."""

    title: str
    blocks: tuple[Distribution, ...]

    @property
    def overall(self) -> Distribution:
        """All prunable weights together."""
        return _whole(self.blocks)

    @property
    def stacks(self) -> dict[str, tuple[Distribution, ...]]:
        """Stack name → its blocks, for example BART's encoder and decoder apart."""
        names = dict.fromkeys(block.stack for block in self.blocks)
        return {name: tuple(b for b in self.blocks if b.stack == name) for name in names}

    @property
    def wholes(self) -> tuple[Distribution, ...]:
        """Each stack, and where there are several all of them together."""
        stacks = tuple(_whole(blocks) for blocks in self.stacks.values())
        return stacks if len(stacks) == 1 else (*stacks, self.overall)

    @property
    def remark(self) -> str:
        """Said beside the kurtosis where ten weights make up more than half of it, else ""."""
        whole = self.overall
        if whole.largest_share <= 0.5:
            return ""
        first = whole.largest[0]
        return (
            f"{self.title}: the excess kurtosis of {whole.excess_kurtosis:.1f} hangs on "
            f"{len(whole.largest)} of {whole.weights:,} weights, which make up "
            f"{whole.largest_share:.0%} of the fourth moment; the largest, {first.value:.2f}, is "
            f"{first}. Judge the tails of all others by the L-kurtosis"
        )

    def table(self) -> pd.DataFrame:
        """One row per block, stack and model: shares (`below_0.1`), moments, tails, quantiles."""
        import pandas as pd

        rows = []
        for scope in (*self.blocks, *self.wholes):
            shares = {f"below_{t:g}": share for t, share in scope.share_below.items()}
            quantiles = scope.quantiles((0.01, 0.25, 0.5, 0.75, 0.99))
            rows.append(
                {
                    "model": self.title,
                    "stack": scope.stack,
                    "block": scope.block,
                    "weights": scope.weights,
                    "zeros": scope.zeros,
                    **shares,
                    "mean": scope.mean,
                    "std": scope.std,
                    "skewness": scope.skewness,
                    "excess_kurtosis": scope.excess_kurtosis,
                    "l_kurtosis": scope.l_kurtosis,
                    "moors_kurtosis": scope.moors_kurtosis,
                    "outliers": scope.outliers.count,
                    "largest": scope.largest[0].value,
                    "largest_at": str(scope.largest[0]),
                    "largest_share": scope.largest_share,
                    "min": scope.minimum,
                    **dict(zip(("q01", "q25", "q50", "q75", "q99"), quantiles, strict=True)),
                    "max": scope.maximum,
                }
            )
        return pd.DataFrame(rows)

    def save(self, path: Path | str) -> Path:
        """Write everything to one parquet file (whole or not at all); `load` reads it back."""
        import pandas as pd

        rows = []
        for block in self.blocks:
            row = {field.name: getattr(block, field.name) for field in fields(block)}
            row["largest"] = [asdict(one) for one in block.largest]
            used = np.flatnonzero(block.counts)
            rows.append({**row, "bins": used, "counts": block.counts[used], "title": self.title})
        with replacing(path) as temporary:
            pd.DataFrame(rows).to_parquet(temporary)
        return Path(path)

    @classmethod
    def load(cls, path: Path | str) -> WeightSummary:
        """Read what `save` wrote.

        Raises:
            InputError: the file is damaged or holds something else.
        """
        import pandas as pd

        try:
            rows = pd.read_parquet(path).to_dict("records")
            if not rows:
                raise ValueError("no block")
            blocks = []
            for row in rows:
                counts = np.zeros(BINS, dtype=np.int64)
                counts[row.pop("bins")] = row["counts"]
                title = row.pop("title")
                row |= {"counts": counts, "thresholds": tuple(row["thresholds"].tolist())}
                row["largest"] = tuple(Extreme(**one) for one in row["largest"])
                blocks.append(Distribution(**row | {"below": tuple(row["below"].tolist())}))
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise InputError(f"{path} is not a saved weight summary: {error}") from error
        return cls(title, tuple(blocks))


def weight_summary(
    model: nn.Module, thresholds: Sequence[float] = THRESHOLDS, *, title: str = ""
) -> WeightSummary:
    """Summarise the prunable weights of `model`, overall and per block.

    Args:
        model: a `transformers` model.
        thresholds: positive numbers; `|w| < t` is counted for each.
        title: name for tables and legends; default: the model's class.

    Raises:
        InputError: NaN or infinite weights (the parameter is named), a threshold that is not
            positive, or a model without prunable weights or with such as it computes anew at each
            forward pass or multiplies with factors (float8 with scales, and other codes).
    """
    if bad := [t for t in thresholds if not t > 0]:
        raise InputError(f"threshold {bad[0]!r} is not a positive number")
    blocks: dict[tuple[str, int], Distribution] = {}
    layers = prunable_layers(model)
    check_hooks(model, layers)
    check_scales(model, layers)
    for layer in layers:
        for part in _distributions(layer, tuple(thresholds)):
            key = layer.stack, layer.block
            blocks[key] = merge((blocks[key], part)) if key in blocks else part
    return WeightSummary(title or type(model).__name__, tuple(blocks.values()))


def _whole(blocks: Sequence[Distribution]) -> Distribution:
    """The distribution of a stack's blocks, or of all stacks' together."""
    stacks = {block.stack for block in blocks}
    return replace(merge(blocks), stack=stacks.pop() if len(stacks) == 1 else "all", block=-1)


def histogram(tensors: Iterable[torch.Tensor], edges: Sequence[float]) -> np.ndarray:
    """Counts (int64) of all entries between the edges, tensor by tensor.

    Equal to `numpy.histogram` over the concatenation: bins are half-open, the last one closed.
    """
    edges = np.asarray(edges, dtype=np.float64)
    total = np.zeros(len(edges) - 1, dtype=np.int64)
    for tensor in tensors:
        for chunk in _chunks(tensor):
            total += np.histogram(chunk.astype(np.float64), edges)[0]
    return total


def _chunks(tensor: torch.Tensor) -> Iterator[np.ndarray]:
    """The entries as arrays of at most a million: float64 as they are, all others as float32."""
    import torch

    dtype = torch.float64 if tensor.dtype == torch.float64 else torch.float32
    flat = tensor.detach().reshape(-1)
    for start in range(0, flat.numel(), _CHUNK):
        yield flat[start : start + _CHUNK].to(device="cpu", dtype=dtype).numpy()


def _distributions(layer: Layer, thresholds: tuple[float, ...]) -> Iterator[Distribution]:
    check_values(layer.name, layer.weight)
    width = math.prod(layer.weight.shape[1:])
    for number, chunk in enumerate(_chunks(layer.weight)):
        with np.errstate(over="ignore"):
            single = np.ascontiguousarray(chunk, dtype=np.float32)
        if not np.isfinite(single).all():
            raise InputError(
                f"{layer.name} holds NaN or infinite values, or some that float32 has no room for: "
                "it has no distribution to show. "
                "Load the checkpoint again, or look for what made them."
            )
        largest = float(np.abs(chunk).max())
        if chunk.dtype == np.float64 and 0 < largest < np.finfo(np.float32).tiny:
            # Their fourth powers are 0 in float64, and their bins those of a few values.
            raise InputError(
                f"{layer.name} holds values up to {largest:.3g}, which float32 cannot tell apart: "
                "it has no distribution to show. Look for what made them so small, or take zeros."
            )
        bins = single.view(np.uint32) >> 16
        counts = np.bincount(bins, minlength=BINS)
        magnitude = np.abs(chunk)
        values = chunk.astype(np.float64)
        low, high = float(chunk.min()), float(chunk.max())
        mean = float(values.mean()) if low < high else low  # the mean of equal values is rounded
        deviation = values - mean
        square = deviation * deviation
        yield Distribution(
            stack=layer.stack,
            block=layer.block,
            weights=chunk.size,
            zeros=chunk.size - int(np.count_nonzero(chunk)),
            minimum=low,
            maximum=high,
            mean=mean,
            m2=float(square.sum()),
            m3=float((square * deviation).sum()),
            m4=float((square * square).sum()),
            thresholds=thresholds,
            below=tuple(int((magnitude < t).sum()) for t in thresholds),
            counts=counts,
            largest=extremes(layer.name, width, number * _CHUNK, chunk, bins, counts),
        )
