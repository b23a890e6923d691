"""Train a pruned model further while its zeros stay zero."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from labkit.errors import InputError
from labkit.evaluation.classify import Pairs, encode_pairs, longest_input
from labkit.evaluation.label_order import label_order
from labkit.models import recomputed
from labkit.models.prunable import prunable_parameters

if TYPE_CHECKING:
    import torch
    from datasets import Dataset
    from torch import nn
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

WARMUP, LARGEST_NORM = 0.1, 1.0
"""Share of the steps over which the rate rises; the norm that gradients are cut to."""


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
    import torch
    from transformers import DataCollatorWithPadding

    if steps < 1 or batch_size < 1:
        raise InputError(f"steps is {steps}, batch_size {batch_size}; both must be at least 1")
    held, positive = _held(model, masks), label_order(model.config).positive
    if not isinstance(data, Pairs):
        data = encode_pairs(tokenizer, data, max_length=longest_input(model, tokenizer))
    rows = [{name: ids[i] for name, ids in data.columns.items()} for i in range(len(data))]
    collate = DataCollatorWithPadding(tokenizer)
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=0.0)
    losses: list[float] = []
    training = model.training
    model.train()
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            _zero(held)
            for at in _batches(len(data), batch_size, steps, seed):
                for group in optimizer.param_groups:
                    group["lr"] = learning_rate * _rate(len(losses), steps)
                batch = collate([rows[i] for i in at]).to(model.device)
                classes = data.labels[at] if positive == 1 else 1 - data.labels[at]
                labels = torch.tensor(classes, device=model.device)
                loss = model(**batch, labels=labels).loss
                if not torch.isfinite(loss):
                    raise InputError(
                        f"the loss of step {len(losses) + 1} is {loss.item()}: take a learning "
                        f"rate below {learning_rate:g}"
                    )
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), LARGEST_NORM)
                optimizer.step()
                _zero(held)
                losses.append(loss.item())
                if report:
                    report(len(losses), steps)
    finally:
        optimizer.zero_grad()
        model.train(training)
    return losses


def _held(
    model: nn.Module, masks: Mapping[str, torch.Tensor] | None
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Each weight with the places that stay zero."""
    import torch

    recomputed.check(model)
    if masks is None:
        return [(w.detach(), w.detach() == 0) for w in prunable_parameters(model).values()]
    parameters = dict(model.named_parameters()) | prunable_parameters(model)  # experts are views
    held = []
    for name, mask in masks.items():
        if name not in parameters:
            raise InputError(f"a mask is for {name!r}, which the model does not have")
        weight = parameters[name].detach()
        if mask.shape != weight.shape or mask.dtype != torch.bool:
            raise InputError(
                f"the mask of {name} has shape {tuple(mask.shape)} and {mask.dtype}; it must be "
                f"{tuple(weight.shape)} and torch.bool, True where the weight is kept"
            )
        held.append((weight, ~mask.to(weight.device)))
    return held


def _zero(held: list[tuple[torch.Tensor, torch.Tensor]]) -> None:
    for weight, dropped in held:
        weight.masked_fill_(dropped, 0.0)


def _rate(step: int, steps: int) -> float:
    """Share of the highest rate at `step` (from 0): up over the warm-up, then down to 0."""
    rise = max(1, round(WARMUP * steps))
    return min((step + 1) / rise, (steps - step) / max(1, steps - rise + 1))


def _batches(rows: int, size: int, steps: int, seed: int) -> Iterator[np.ndarray]:
    """Row numbers of each step: whole passes over the rows, each in an order of its own."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(rows)
    for _ in range(steps):
        while len(order) < size:
            order = np.concatenate([order, rng.permutation(rows)])
        yield order[:size]
        order = order[size:]
