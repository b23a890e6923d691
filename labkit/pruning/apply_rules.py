"""Apply to each tensor the rule that says which of its scores go, on all cores."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from labkit.pruning import key_passes, threads, thresholds

LARGE = 1 << 25
"""Bytes that no cache holds until they are read again."""


@dataclass
class Rule:
    """Drop scores below `key`, then the first `ties` equal to it in all tensors that share it."""

    key: int
    ties: int


def drop(
    tensors: Sequence[tuple[np.ndarray, np.ndarray]],
    rules: Sequence[Rule],
    form: thresholds.Format,
    team: Executor,
) -> list[int]:
    """Apply its rule to each tensor, and count down the ties of the rules.

    Args:
        tensors: for each its scores, flat, and an array of the same length to write to: the scores
            themselves, where what goes is set to zero in place, or other memory: of the same
            dtype, for the scores with zeros, or of bool, which becomes True where the score is
            kept.
        rules: one for each.
        form: of the scores.
        team: threads.

    Returns:
        How many are dropped of each.
    """
    counts: list[list[tuple[int, int]]] = [[] for _ in tensors]
    # What is much larger than the caches is written past them.
    alike = all(target.dtype == scores.dtype and target is not scores for scores, target in tensors)
    streaming = alike and sum(target.nbytes for _, target in tensors) >= LARGE

    def work(item: tuple[int, np.ndarray, np.ndarray]) -> None:
        number, bits, out = item
        scores, target = tensors[number]
        key = rules[number].key
        other = None if scores is target else out
        counts[number].append(key_passes.cut(bits, form, key, other, streaming))

    items = (
        (number, bits, out)
        for number, pair in enumerate(tensors)
        for bits, out in zip(*map(threads.pieces, pair), strict=True)
    )
    count = sum(len(bits) for bits, _ in tensors)
    threads.deal(team, [work] * (1 if count < thresholds.SMALL else threads.cores()), items)
    dropped = []
    for (bits, out), rule, found in zip(tensors, rules, counts, strict=True):
        below, tied = (sum(column) for column in zip(*found, strict=True))
        ties = min(rule.ties, tied)
        key_passes.drop_ties(bits, form, thresholds.Cut(rule.key, ties), out)
        rule.ties -= ties
        dropped.append(below + ties)
    return dropped
