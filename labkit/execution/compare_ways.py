"""Several ways to run one model, timed in turn: what a person would choose on this machine."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labkit.errors import InputError
from labkit.execution.runtime import measure_runtime, random_inputs
from labkit.models.start_token import start_token_needed

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

ALIKE = 0.95
"""Ways whose times are within this share of each other are called equally fast."""

HOPELESS = 3.0
"""A way that takes this many times as long as the fastest is not timed again."""


@dataclass(frozen=True)
class Way:
    """A way to run a model: median seconds, and its answers beside those of the first way.

    `apart` is the largest difference of a logit in units of the standard deviation of the first
    way's, `same` the share of the sequences (0 to 1) that get the same class; both None where the
    logits are not one row for each sequence.
    """

    name: str
    seconds: float
    apart: float | None
    same: float | None


def compare_ways(
    models: Mapping[str, PreTrainedModel],
    *,
    batch_size: int = 8,
    length: int = 128,
    rounds: int = 3,
    answers: int = 16,
    seed: int = 0,
) -> list[Way]:
    """Time models in turn on random tokens, and compare their answers with the first one's.

    Args:
        models: by name, all of the same shape; the first is the one that others are held against.
        batch_size: sequences of a pass.
        length: tokens of a sequence.
        rounds: passes of each model that are timed, in turn, after one that is not; one only of
            what takes `HOPELESS` times as long as the fastest.
        answers: sequences at least, on which answers are compared.
        seed: of the tokens.

    Raises:
        InputError: no models or rounds, or as `measure_runtime`.
    """
    if not models or rounds < 1:
        raise InputError(f"{len(models)} models, {rounds} rounds: at least one of each")
    seconds: dict[str, list[float]] = {name: [] for name in models}
    for number in range(rounds):
        fastest = min((min(times) for times in seconds.values() if times), default=float("inf"))
        for name, model in models.items():
            if number and min(seconds[name]) > HOPELESS * fastest:
                continue
            runtime = measure_runtime(
                model, batch_size=batch_size, length=length, repeats=1, warmup=1 - min(number, 1)
            )
            seconds[name] += runtime.seconds
    passes = range(seed, seed - (-answers // batch_size))
    found = {name: _answers(m, batch_size, length, passes) for name, m in models.items()}
    first = next(iter(found.values()))
    ways = []
    for name, logits in found.items():
        apart = same = None
        if first.ndim == 2 and first.shape[-1] > 1:
            apart = float((logits - first).abs().max() / first.std())
            same = float((logits.argmax(-1) == first.argmax(-1)).float().mean())
        ways.append(Way(name, statistics.median(seconds[name]), apart, same))
    return ways


def recommendation(ways: list[Way]) -> str:
    """The fastest of the ways in words, and how its answers are known to differ.

    Where several are equally fast (`ALIKE`) the one whose answers are nearest is named.
    """
    fastest = min(way.seconds for way in ways)
    alike = [way for way in ways if ALIKE * way.seconds <= fastest]
    best = min(alike, key=lambda way: (way.apart or 0.0, way.seconds))
    if len(alike) > 1:
        names = ", ".join(way.name for way in alike)
        text = f"about equally fast here: {names}. Of these take {best.name}"
        text += ", whose answers are nearest to the first way's"
    else:
        text = f"fastest here: {best.name}"
        if best is ways[0]:
            text += "; none of the others pays"
        else:
            text += f", {ways[0].seconds / best.seconds:.2f} times as fast as {ways[0].name}"
    if best.same is not None and best is not ways[0]:
        text += (
            f". It decides {best.same:.0%} of the sequences as {ways[0].name} does, with logits up "
            f"to {best.apart:.2g} standard deviations apart"
        )
    return text + ". These tokens are random: score both on your own data before you choose."


def _answers(model: PreTrainedModel, batch_size: int, length: int, seeds: range) -> torch.Tensor:
    import torch

    with torch.inference_mode(), start_token_needed(model):
        found = [model(**random_inputs(model, batch_size, length, seed)) for seed in seeds]
    if not hasattr(found[0], "logits"):
        return torch.zeros(0)  # hidden states are no answer to a sequence
    return torch.cat([one.logits.float() for one in found])
