"""Movement pruning: weights that training pushes towards zero go, whatever their size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, log
from typing import TYPE_CHECKING, Any

from labkit.errors import InputError
from labkit.pruning.prune import writable_layers
from labkit.training.schedule import Ramp, TrainedPruning, ramp
from labkit.training.steps import Meanwhile, Settings, train

if TYPE_CHECKING:
    import torch
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from labkit.evaluation.classify import Pairs

FIRST_SOFT = log(0.9 / 0.1)
"""Scores of the soft rule before training: their sigmoid is 0.9, so that nothing is dropped."""


@dataclass(frozen=True)
class Soft:
    """Soft movement pruning: scores whose sigmoid lies above `threshold` keep their weights.

    `penalty` times the mean sigmoid of all scores is added to the loss, and presses them down: the
    larger it is, the sparser the model becomes; how sparse shows only at the end.
    """

    threshold: float = 0.1
    penalty: float = 1.0


def finetune_movement(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    data: Dataset | Pairs,
    sparsity: float | Soft,
    *,
    per: str = "layer",
    score_rate: float = 1e-2,
    start: int | None = None,
    end: int | None = None,
    steps: int = 200,
    batch_size: int = 32,
    learning_rate: float = 5e-4,
    seed: int = 0,
    report: Callable[[int, int], None] | None = None,
) -> TrainedPruning:
    """Prune `model` in place by movement while it is trained (Sanh et al. 2020, arXiv 2005.07683).

    Each weight has a score, trained beside it: the loss sees the weights that the scores keep, and
    the gradient of a score is that of its weight times the weight (straight through the choice).
    A score therefore sums up, over the training, whether its weight moves away from zero.  Dropped
    weights wait where they are, and come back when their score rises; they are zero at the end.

    Args:
        model: a sequence classifier with two labels.
        tokenizer: its tokenizer, with a padding token.
        data: training pairs, or what `encode_pairs` made of them.
        sparsity: the last one, 0 to 1, reached as `cubic_sparsity` says, by keeping the highest
            scores (hard, the paper's top-v); or `Soft(...)`.
        per: "layer" compares the scores of each layer by themselves, "global" those of all.
        score_rate: the highest learning rate of the scores.
        start: step at which the sparsity (of `Soft`: the penalty) begins to rise, from 0; default
            a fifth of the steps.
        end: step from which on it stays; default three fifths.
        steps: batches to train on.
        batch_size: pairs per step.
        learning_rate: the highest one of all other parameters.
        seed: of the order of the pairs and of dropout.
        report: called with (steps done, steps in all) after each step.

    Returns:
        What was set to zero, with the loss (without the penalty) and the sparsity at each step.
        Memory beyond the training: scores with the optimiser's two moments, a copy and a mask of
        each prunable weight.

    Raises:
        InputError: as `finetune_masked` and `prune_model`, another `per`, a threshold that is not
            between 0 and 0.9, a penalty or rate below 0, or a layer that is frozen or no parameter
            of its own (an expert among others).  The weights are then as the last step left them.
    """
    if per not in ("layer", "global"):
        raise InputError(f"per is {per!r}; scores are compared per layer or global")
    soft = sparsity if isinstance(sparsity, Soft) else None
    if soft and not (0 < soft.threshold < 0.9 and 0 <= soft.penalty < inf):
        raise InputError(f"{soft}: the threshold lies between 0 and 0.9, the penalty from 0 up")
    if not 0 <= score_rate < inf:
        raise InputError(f"score_rate is {score_rate!r}; it must be a number from 0 up")
    settings = Settings(steps, batch_size, learning_rate, seed, report)
    rise = ramp(steps, start, end, 1.0 if soft else sparsity)
    layers = writable_layers(model)
    parameters = dict(model.named_parameters(remove_duplicate=False))
    for layer in layers:
        if layer.weight is not parameters.get(layer.name):
            raise InputError(
                f"{layer.name} is a part of a larger parameter: movement pruning trains layers "
                "that are parameters of their own. Take finetune_gradual"
            )
        if not layer.weight.requires_grad:
            raise InputError(
                f"{layer.name} is frozen: a score is trained by the gradient of its weight. Set "
                "requires_grad on it, or take finetune_gradual"
            )
    rule = _softly(soft, rise) if soft else _highest(rise, per)
    movement = _Movement([parameters[layer.name] for layer in layers], rule, score_rate)
    try:
        losses = train(model, tokenizer, data, settings, movement)
    finally:
        movement.finish()
    dropped = tuple(int((~mask).sum()) for mask in movement.masks)
    total = sum(mask.numel() for mask in movement.masks)
    kind = "soft" if soft else f"hard, per {per}" if per == "layer" else "hard, global"
    wanted = sum(dropped) / total if soft else rise.final
    return TrainedPruning(
        f"movement ({kind})", wanted, layers, dropped, None, tuple(losses), tuple(movement.levels)
    )


@dataclass(frozen=True)
class _Rule:
    """The first score, the masks of all scores at a step, and the penalty's factor then."""

    first: float
    masks: Callable[[Sequence[torch.Tensor], int], list[torch.Tensor]]
    penalty: Callable[[int], float]


class _Movement(Meanwhile):
    """Between steps the parameters hold the weights; for a pass, what the scores keep of them."""

    def __init__(self, weights: list[torch.nn.Parameter], rule: _Rule, rate: float) -> None:
        import torch

        self._weights, self._rule, self._rate = weights, rule, rate
        self._scores = [torch.nn.Parameter(torch.full_like(w, rule.first)) for w in weights]
        self._dense = [w.detach().clone() for w in weights]
        self._entries = sum(w.numel() for w in weights)
        self.masks: list[torch.Tensor] = []
        self.levels: list[float] = []
        self._step = 0

    def groups(self) -> list[dict[str, Any]]:
        return [{"params": self._scores, "lr": self._rate}]

    def before(self, step: int) -> None:
        self._step = step
        self.masks = self._rule.masks([score.detach() for score in self._scores], step)
        kept = sum(int(mask.sum()) for mask in self.masks)
        self.levels.append(1 - kept / self._entries)
        for weight, dense, mask in zip(self._weights, self._dense, self.masks, strict=True):
            weight.detach().copy_(dense).masked_fill_(~mask, 0.0)

    def gradients(self, step: int) -> None:
        pressure = self._rule.penalty(step) / self._entries
        parts = zip(self._weights, self._scores, self._dense, self.masks, strict=True)
        for weight, score, dense, mask in parts:
            slope = score.detach().sigmoid()
            score.grad = pressure * slope * (1 - slope)
            if weight.grad is not None:  # None: the pass left its layer out (LayerDrop)
                score.grad += weight.grad * dense
                weight.grad.mul_(mask)
            weight.detach().copy_(dense)

    def after(self, step: int) -> None:
        for weight, dense in zip(self._weights, self._dense, strict=True):
            dense.copy_(weight.detach())

    def finish(self) -> None:
        """Drop for good what the last scores drop."""
        self.before(self._step)
        self.levels.pop()


def _highest(rise: Ramp, per: str) -> _Rule:
    def masks(scores: Sequence[torch.Tensor], step: int) -> list[torch.Tensor]:
        import torch

        if per == "layer":
            return [_top(score, rise.at(step)) for score in scores]
        together = _top(torch.cat([score.flatten() for score in scores]), rise.at(step))
        parts = together.split([score.numel() for score in scores])
        return [part.view(score.shape) for part, score in zip(parts, scores, strict=True)]

    return _Rule(0.0, masks, lambda step: 0.0)


def _top(scores: torch.Tensor, sparsity: float) -> torch.Tensor:
    """Mask that drops `round(sparsity * n)` of the lowest; of equal ones the first go first."""
    import torch

    flat, count = scores.flatten(), round(sparsity * scores.numel())
    if count == 0:
        return torch.ones_like(scores, dtype=torch.bool)
    limit = flat.kthvalue(count).values
    kept = flat > limit
    ties = (flat == limit).nonzero().flatten()
    kept[ties[count - int((flat < limit).sum()) :]] = True
    return kept.view(scores.shape)


def _softly(soft: Soft, rise: Ramp) -> _Rule:
    limit = log(soft.threshold / (1 - soft.threshold))

    def masks(scores: Sequence[torch.Tensor], step: int) -> list[torch.Tensor]:
        return [score > limit for score in scores]

    return _Rule(FIRST_SOFT, masks, lambda step: soft.penalty * rise.at(step))
