"""Spans of a text that give way to a mask, as BART was trained to undo."""

from __future__ import annotations

import numpy as np

SHARE, MEAN = 0.3, 3.0
"""Share of tokens that are masked, and mean length of a span (Lewis et al. 2020, section 2.2)."""


def draw_spans(count: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Spans (start, stop) of a text of `count` tokens, in order, with a token between any two.

    Together they hold `SHARE` of the tokens, rounded, at least one; their lengths are drawn from a
    Poisson distribution of mean `MEAN`, at least 1.  (BART's own noise has spans of no token too,
    which insert a mask: left out, so that a text never grows.)  Lewis et al. 2020, "BART:
    Denoising Sequence-to-Sequence Pre-training".
    """
    budget = max(1, round(SHARE * count))
    lengths: list[int] = []
    while (left := budget - sum(lengths)) > 0:
        lengths.append(min(left, max(1, int(rng.poisson(MEAN)))))
    rest = count - budget
    # The kept tokens have rest + 1 gaps between and around them: one span goes into a gap.
    while len(lengths) > rest + 1:
        lengths[-2:] = [lengths[-2] + lengths[-1]]
    gaps = np.sort(rng.choice(rest + 1, len(lengths), replace=False))
    spans, before = [], 0
    for gap, length in zip(gaps.tolist(), lengths, strict=True):
        spans.append((gap + before, gap + before + length))
        before += length
    return spans


def with_masks(ids: list[int], spans: list[tuple[int, int]], mask: int) -> list[int]:
    """`ids` with one `mask` in the place of each span."""
    out: list[int] = []
    at = 0
    for start, stop in spans:
        out += [*ids[at:start], mask]
        at = stop
    return out + ids[at:]
