"""SparseGPT: weights go whose loss the others of their row can make up for, and those do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any

from labkit.errors import InputError
from labkit.pruning.calibrated.by_block import Solve, prune_by_block
from labkit.pruning.calibrated.goals import Goals, Pattern
from labkit.pruning.calibrated.hessian import Hessian, dead_inputs, inverse_factor
from labkit.pruning.calibrated.result import CalibratedPruning
from labkit.pruning.masks import layerwise_masks
from labkit.pruning.nm import nm_mask

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

BLOCK, DAMPING = 128, 0.01
"""Columns that are chosen among at once, and λ over the mean of the diagonal, as in the paper."""


def sparsegpt_layer(
    weight: torch.Tensor,
    hessian: torch.Tensor,
    sparsity: float,
    *,
    pattern: Pattern | None = None,
    block: int = BLOCK,
    damping: float = DAMPING,
    name: str = "the layer",
) -> tuple[torch.Tensor, torch.Tensor]:
    """One matrix by algorithm 1 of Frantar and Alistarh 2023 (arXiv 2301.00774).

    Columns are gone through from the first to the last.  For each block of them the weights with
    the lowest wᵢ² / Uᵢᵢ² go (U: `inverse_factor`), in all rows together; what each of them leaves
    as an error is spread over the columns behind it.

    Args:
        weight: (outputs, inputs), float32 or float64; it is not changed.
        hessian: X Xᵀ over the calibration, (inputs, inputs), of the same dtype.
        sparsity: fraction of zeros of each block of columns, 0 to 1; of the matrix exactly
            `round(sparsity * numel)` go.
        pattern: (n, m): keep n of every m consecutive inputs instead, chosen when their turn comes.
        block: columns that are chosen among at once; with a pattern a multiple of m is taken.
        damping: as for `inverse_factor`.
        name: of the layer, for errors.

    Returns:
        (weight with its zeros and what the others became, mask: True where kept).

    Raises:
        InputError: as `inverse_factor`.
    """
    import torch

    factor = inverse_factor(hessian, damping, name)
    # Transposed: a column of the matrix then lies in one piece.
    left = weight.T.clone(memory_format=torch.contiguous_format)
    dead = dead_inputs(hessian)
    kept = torch.ones(left.shape, dtype=torch.bool, device=left.device)
    if pattern:
        block = max(block // pattern[1], 1) * pattern[1]
    done = 0
    for start in range(0, len(left), block):
        stop = min(start + block, len(left))
        columns, corner = left[start:stop], factor[start:stop, start:stop]
        # Dividing by infinity: weights whose input was always zero go first.
        sizes = corner.diagonal()[:, None]
        costs = sizes.masked_fill(dead[start:stop, None], float("inf"))
        if not pattern:
            goal = round(sparsity * weight.shape[0] * stop) - done
            kept[start:stop] = _lowest((columns / costs) ** 2, goal)
            done += goal
        errors = torch.zeros_like(columns)
        for i in range(stop - start):
            if pattern and i % pattern[1] == 0:
                group = slice(i, i + pattern[1])
                scores = (columns[group] / costs[group]) ** 2
                kept[start:stop][group] = nm_mask(scores, *pattern, dim=0)
            errors[i] = columns[i].masked_fill(kept[start + i], 0) / sizes[i]
            columns[i].masked_fill_(~kept[start + i], 0)
            columns[i + 1 :].addr_(corner[i, i + 1 :], errors[i], alpha=-1)
        left[stop:].addmm_(factor[start:stop, stop:].T, errors, alpha=-1)
    return left.T, kept.T


def _lowest(scores: torch.Tensor, count: int) -> torch.Tensor:
    """Mask that drops the `count` lowest."""
    return layerwise_masks({"scores": scores}, min(1.0, count / scores.numel()))["scores"]


def prune_sparsegpt(
    model: PreTrainedModel,
    sequences: Any,
    sparsity: float | Mapping[str, float] | None = None,
    *,
    pattern: tuple[int, int] | None = None,
    block: int = BLOCK,
    damping: float = DAMPING,
    tokenizer: PreTrainedTokenizerBase | None = None,
    keep_masks: bool = False,
    report: Callable[[int, int], None] | None = None,
) -> CalibratedPruning:
    """Prune `model` in place by SparseGPT, block by block (Frantar and Alistarh 2023).

    What goes is chosen by the error that it leaves in its layer's outputs over the calibration,
    and the weights that stay are changed to make up for it: see `sparsegpt_layer`.  Biases stay.

    Args:
        model: a `transformers` model; the weights of `prunable_layers(model)` are changed.
        sequences: as for `calibrate`; papers take 128 sequences of the training text.
        sparsity: fraction of zeros of each layer, 0 to 1, or layer's name → its own (`allocate`);
            layers that are not named stay as they are.
        pattern: (n, m): keep n of every m consecutive inputs instead.
        block: columns that are chosen among at once.
        damping: what is added to the Hessian's diagonal, as a share of its mean; more makes the
            weights that stay change less.
        tokenizer: where the sequences are texts.
        keep_masks: keep the masks in the result: a byte for each weight.
        report: called with (layers done, layers in all) after each.

    Returns:
        What was set to zero, and what was left out.  Memory beyond the model: its prunable weights
        as they were (they are put back after an error), the outputs of one block, and the Hessians
        of its layers, (inputs, inputs) each.

    Raises:
        InputError: as `prune_wanda`, a damping that is not above 0, a block of no column, or a
            Hessian that cannot be inverted (layer named); nothing is changed.
    """
    if not isinstance(damping, Real) or not 0 < damping < float("inf"):
        raise InputError(f"damping is {damping!r}; it must be a number above 0, as {DAMPING}")
    if not isinstance(block, int) or block < 1:
        raise InputError(f"block is {block!r}; it is a number of columns, 1 or more")

    def solve(goals: Goals) -> Solve:
        def drop(
            weight: torch.Tensor, statistic: Hessian, level: float, name: str
        ) -> tuple[torch.Tensor, torch.Tensor]:
            return sparsegpt_layer(
                weight,
                statistic.sum,
                level,
                pattern=goals.pattern,
                block=block,
                damping=damping,
                name=name,
            )

        return drop

    return prune_by_block(
        model,
        sequences,
        sparsity,
        method="sparsegpt",
        pattern=pattern,
        statistic=Hessian,
        solve=solve,
        tokenizer=tokenizer,
        keep_masks=keep_masks,
        report=report,
    )
