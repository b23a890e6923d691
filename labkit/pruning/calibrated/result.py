"""What pruning with calibration did."""

from __future__ import annotations

from dataclasses import dataclass

from labkit.pruning.prune import Pruning


@dataclass(frozen=True, eq=False)
class CalibratedPruning(Pruning):
    """A `Pruning` that looked at data.

    `sequences` and `tokens` count the calibration, without padding.  `left_out` has a sentence for
    each layer that was to be pruned and was left as it was: no token reached it.  `notes` say what
    else was done: texts cut, weights of half precision computed in float32.  `dropped` counts what
    was set to zero, layers that no sparsity was given for included as 0.
    """

    sequences: int = 0
    tokens: int = 0
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
