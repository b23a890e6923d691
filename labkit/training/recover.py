"""Train a pruned model further while its zeros stay zero."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from labkit.errors import InputError
from labkit.models import recomputed
from labkit.models.prunable import prunable_parameters
from labkit.training.steps import Meanwhile, Settings, train

if TYPE_CHECKING:
    import torch
    from datasets import Dataset
    from torch import nn
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from labkit.evaluation.classify import Pairs


def finetune_masked(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    data: Dataset | Pairs,
    masks: Mapping[str, torch.Tensor] | None = None,
    *,
    steps: int = 200,
    batch_size: int = 32,
    learning_rate: float = 5e-4,
    seed: int = 0,
    report: Callable[[int, int], None] | None = None,
) -> list[float]:
    """Fine-tune `model` in place, holding every weight at zero that `masks` drops.

    AdamW without weight decay; the rate rises over the first tenth of the steps and then falls
    linearly to 0.  After every step the dropped weights are set to zero again, so that neither the
    gradient nor the optimiser's momentum wakes them.  All other parameters (biases, norms,
    embeddings, head) are trained too.  Labels are those of the model's own classes, as
    `label_order` tells them apart.  The model ends in the mode it came in.

    Args:
        model: a sequence classifier with two labels.
        tokenizer: its tokenizer, with a padding token.
        data: training pairs, or what `encode_pairs` made of them.
        masks: parameter name → bool tensor of its shape, True where a weight is kept;
            parameters that are not named are free.  Default: the prunable weights that are zero
            now stay zero.
        steps: batches to train on; the pairs are shuffled anew whenever all were seen.
        batch_size: pairs per step.
        learning_rate: the highest one.
        seed: of the order of the pairs and of dropout.
        report: called with (steps done, steps in all) after each step.

    Returns:
        The training loss of each step in nats.

    Raises:
        InputError: no steps or no pairs per step, a mask for a parameter that is not there or has
            another shape, a mask of another dtype, weights that are computed anew at each forward
            pass (as by hooks of `torch.nn.utils.prune`), or a loss that is not finite; the model
            then is as the last step left it.
    """
    settings = Settings(steps, batch_size, learning_rate, seed, report)
    return train(model, tokenizer, data, settings, Held(held(model, masks)))


class Held(Meanwhile):
    """Weights that stay zero in the places that go with them."""

    def __init__(self, places: list[tuple[torch.Tensor, torch.Tensor]]) -> None:
        self.places = places

    def before(self, step: int) -> None:
        """Those that are not zero yet."""
        if step == 0:
            self.after(step)

    def after(self, step: int) -> None:
        """What the gradient or the optimiser's momentum has woken."""
        for weight, dropped in self.places:
            weight.masked_fill_(dropped, 0.0)


def held(
    model: nn.Module, masks: Mapping[str, torch.Tensor] | None
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Each weight with the places that stay zero."""
    import torch

    recomputed.check(model)
    if masks is None:
        return [(w.detach(), w.detach() == 0) for w in prunable_parameters(model).values()]
    parameters = dict(model.named_parameters()) | prunable_parameters(model)  # experts are views
    places = []
    for name, mask in masks.items():
        if name not in parameters:
            raise InputError(f"a mask is for {name!r}, which the model does not have")
        weight = parameters[name].detach()
        if mask.shape != weight.shape or mask.dtype != torch.bool:
            raise InputError(
                f"the mask of {name} has shape {tuple(mask.shape)} and {mask.dtype}; it must be "
                f"{tuple(weight.shape)} and torch.bool, True where the weight is kept"
            )
        places.append((weight, ~mask.to(weight.device)))
    return places
