"""How sparsity grows while a model is trained, and what is kept of such a training."""

from __future__ import annotations

from dataclasses import dataclass

from labkit.errors import InputError
from labkit.pruning.masks import check_sparsity
from labkit.pruning.prune import Pruning


def cubic_sparsity(step: int, start: int, end: int, final: float, *, initial: float = 0.0) -> float:
    """Sparsity at `step`: from `initial` fast at first, then slower, to `final` at `end`.

    final + (initial - final) · (1 - (step - start) / (end - start))³ (Zhu and Gupta 2017,
    arXiv 1710.01878, equation 1); `initial` before `start`, `final` from `end` on.

    Raises:
        InputError: a sparsity outside 0 to 1, or an end before the start.
    """
    check_sparsity(initial), check_sparsity(final)
    if end < start:
        raise InputError(f"the ramp ends at step {end}, before its start at {start}")
    if step < start:
        return initial
    if step >= end:
        return final
    return final + (initial - final) * (1 - (step - start) / (end - start)) ** 3


@dataclass(frozen=True)
class Ramp:
    """The cubic rise from 0 to `final` between two steps of a training."""

    start: int
    end: int
    final: float

    def at(self, step: int) -> float:
        """Sparsity at a step, counted from 0."""
        return cubic_sparsity(step, self.start, self.end, self.final)


def ramp(steps: int, start: int | None, end: int | None, final: float) -> Ramp:
    """The rise within a training: by default over its second and third fifth.

    Raises:
        InputError: it does not lie within the steps, or the sparsity not within 0 to 1.
    """
    start = round(0.2 * steps) if start is None else start
    end = min(round(0.6 * steps), steps - 1) if end is None else end
    if not 0 <= start <= end < steps:
        raise InputError(
            f"sparsity rises from step {start} to {end}, and the training has steps 0 to "
            f"{steps - 1}: choose 0 <= start <= end < steps"
        )
    return Ramp(start, end, check_sparsity(final))


@dataclass(frozen=True, eq=False)
class TrainedPruning(Pruning):
    """A `Pruning` that was trained: loss in nats and sparsity of the masks at each step."""

    losses: tuple[float, ...] = ()
    levels: tuple[float, ...] = ()
