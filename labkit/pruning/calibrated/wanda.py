"""Wanda: weights whose product with the size of their inputs is smallest go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from labkit.models.prunable import Layer
from labkit.pruning.calibrated.by_block import Solve, prune_by_block
from labkit.pruning.calibrated.goals import Goals, check_per, lowest
from labkit.pruning.calibrated.result import CalibratedPruning

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


class Norms:
    """The 2-norm of each input feature over all tokens."""

    def __init__(self, layer: Layer) -> None:
        import torch

        inputs = layer.weight.shape[0 if layer.transposed else 1]
        # Sums over many batches: in float32 the later ones would lose digits.
        self._squares = torch.zeros(inputs, dtype=torch.float64, device=layer.weight.device)
        self.tokens = 0

    def add(self, inputs: torch.Tensor) -> None:
        """Count the inputs of some tokens in, (tokens, inputs)."""
        import torch

        self._squares += torch.linalg.vector_norm(inputs, dim=0, dtype=torch.float64) ** 2
        self.tokens += len(inputs)

    def finite(self) -> bool:
        """Whether all inputs were."""
        return bool(self._squares.isfinite().all())

    def norms(self) -> torch.Tensor:
        """(inputs,) float64."""
        return self._squares.sqrt()


def wanda_scores(weight: torch.Tensor, norms: torch.Tensor) -> torch.Tensor:
    """`|W|` times the norm of each weight's input.

    Args:
        weight: (outputs, inputs).
        norms: 2-norm of each input over all tokens, (inputs,).

    Returns:
        (outputs, inputs), in the weight's dtype.
    """
    return weight.abs() * norms.to(weight.dtype)


def prune_wanda(
    model: PreTrainedModel,
    sequences: Any,
    sparsity: float | Mapping[str, float] | None = None,
    *,
    per: str = "row",
    pattern: tuple[int, int] | None = None,
    tokenizer: PreTrainedTokenizerBase | None = None,
    keep_masks: bool = False,
    report: Callable[[int, int], None] | None = None,
) -> CalibratedPruning:
    """Prune `model` in place by `|W| · ‖X‖₂`, block by block (Sun et al. 2023, arXiv 2306.11695).

    The score of a weight is its magnitude times the 2-norm of its input over the calibration.  The
    lowest of each output go, so that all rows of a matrix lose as many; weights that stay keep
    their values.  Each block sees what the blocks before it, pruned, make of the calibration.

    Args:
        model: a `transformers` model; the weights of `prunable_layers(model)` are changed.
        sequences: as for `calibrate`; papers take 128 sequences of the training text.
        sparsity: fraction of zeros of each row (`round(sparsity * inputs)` go), 0 to 1, or
            layer's name → its own (`allocate`); layers that are not named stay as they are.
        per: "row", or "layer" to compare the scores of the whole matrix.
        pattern: (n, m): keep n of every m consecutive inputs instead.
        tokenizer: where the sequences are texts.
        keep_masks: keep the masks in the result: a byte for each weight.
        report: called with (layers done, layers in all) after each.

    Returns:
        What was set to zero, and what was left out.  Memory beyond the model: its prunable weights
        as they were (they are put back after an error), and the outputs of one block.

    Raises:
        InputError: as `calibrate` and `prune_model`, NaN or infinite inputs (layer named), no
            sparsity and no pattern, or inputs that do not divide into groups; nothing is changed.
    """
    check_per(per)

    def solve(goals: Goals) -> Solve:
        def drop(
            weight: torch.Tensor, statistic: Norms, level: float, name: str
        ) -> tuple[torch.Tensor, torch.Tensor]:
            scores = wanda_scores(weight, statistic.norms())
            return weight, lowest(scores, level, per, goals.pattern)

        return drop

    return prune_by_block(
        model,
        sequences,
        sparsity,
        method="wanda",
        pattern=pattern,
        statistic=Norms,
        solve=solve,
        tokenizer=tokenizer,
        keep_masks=keep_masks,
        report=report,
    )
