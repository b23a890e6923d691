"""Gradual pruning: a little more of the weights goes every few steps of a training."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from labkit.errors import InputError
from labkit.pruning.masks import METHODS, global_masks, layerwise_masks
from labkit.pruning.prune import writable_layers
from labkit.training.recover import Held
from labkit.training.schedule import Ramp, TrainedPruning, ramp
from labkit.training.steps import Settings, train

if TYPE_CHECKING:
    import torch
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from labkit.evaluation.classify import Pairs

CRITERIA = {"global": global_masks, "layerwise": layerwise_masks}


def finetune_gradual(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    data: Dataset | Pairs,
    sparsity: float,
    *,
    method: str = "global",
    every: int = 10,
    start: int | None = None,
    end: int | None = None,
    steps: int = 200,
    batch_size: int = 32,
    learning_rate: float = 5e-4,
    seed: int = 0,
    report: Callable[[int, int], None] | None = None,
) -> TrainedPruning:
    """Prune `model` in place while it is trained (Zhu and Gupta 2017, arXiv 1710.01878).

    The sparsity rises from 0 as `cubic_sparsity` says.  Every few steps the smallest weights of
    that moment go; what has gone stays zero.  All else is as in `finetune_masked`.

    Args:
        model: a sequence classifier with two labels.
        tokenizer: its tokenizer, with a padding token.
        data: training pairs, or what `encode_pairs` made of them.
        sparsity: the last one, fraction of zeros over the prunable weights, 0 to 1.
        method: "global" or "layerwise": which weights are compared.
        every: steps between two prunings.
        start: step of the first one, counted from 0; default a fifth of the steps.
        end: step of the last one, from which on the sparsity stays; default three fifths.
        steps: batches to train on.
        batch_size: pairs per step.
        learning_rate: the highest one; it falls to 0 with the last step.
        seed: of the order of the pairs and of dropout.
        report: called with (steps done, steps in all) after each step.

    Returns:
        What was set to zero, with the loss and the sparsity at each step.

    Raises:
        InputError: as `finetune_masked` and `prune_model`, another method, or a rise that does not
            lie within the steps.
    """
    if method not in CRITERIA:
        known = ", ".join(name for name in METHODS if name in CRITERIA)
        raise InputError(f"no gradual pruning {method!r}: choose from {known}")
    if every < 1:
        raise InputError(f"every is {every}; it is a number of steps, 1 or more")
    settings = Settings(steps, batch_size, learning_rate, seed, report)
    rise = ramp(steps, start, end, sparsity)
    layers = writable_layers(model)
    weights = {layer.name: layer.weight.detach() for layer in layers}
    meanwhile = _Gradual(weights, rise, every, method)
    losses = train(model, tokenizer, data, settings, meanwhile)
    dropped = tuple(int(places.sum()) for _, places in meanwhile.places)
    levels = tuple(meanwhile.levels)
    return TrainedPruning(
        f"gradual {method}", rise.final, layers, dropped, None, tuple(losses), levels
    )


class _Gradual(Held):
    """Chooses what is held anew, at each step of the ramp that is due."""

    def __init__(
        self, weights: dict[str, torch.Tensor], rise: Ramp, every: int, method: str
    ) -> None:
        super().__init__([])
        self._weights, self._rise, self._every = weights, rise, every
        self._masks = CRITERIA[method]
        self.levels: list[float] = []

    def before(self, step: int) -> None:
        rise, level = self._rise, self._rise.at(step)
        due = rise.start <= step <= rise.end and (step - rise.start) % self._every == 0
        if due or step == rise.end:
            # What is zero has the smallest magnitude: it goes again.
            masks = self._masks(self._weights, level)
            self.places = [(self._weights[name], ~mask) for name, mask in masks.items()]
            self.after(step)
            self.levels.append(level)
        else:
            self.levels.append(self.levels[-1] if self.levels else 0.0)
