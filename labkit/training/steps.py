"""The training loop that ways to prune while training share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from labkit.errors import InputError
from labkit.evaluation.classify import Pairs, encode_pairs, longest_input
from labkit.evaluation.label_order import label_order
from labkit.models.modes import in_mode

if TYPE_CHECKING:
    import torch
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

WARMUP, LARGEST_NORM = 0.1, 1.0
"""Share of the steps over which the rate rises; the norm that gradients are cut to."""


@dataclass(frozen=True)
class Settings:
    """How to train: `steps` batches of `batch_size` pairs, the highest rate, and the seed.

    `report` is called with (steps done, steps in all) after each step.

    Raises:
        InputError: no steps or no pairs per step, or a rate or seed that is none.
    """

    steps: int
    batch_size: int
    learning_rate: float
    seed: int
    report: Callable[[int, int], None] | None = None

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch_size < 1:
            raise InputError(
                f"steps is {self.steps}, batch_size {self.batch_size}; both must be at least 1"
            )
        if not 0 <= self.learning_rate < np.inf:
            raise InputError(
                f"learning_rate is {self.learning_rate!r}; it must be a number from 0 up"
            )
        if self.seed < 0:
            raise InputError(f"seed is {self.seed}; it must be at least 0")


class Meanwhile:
    """What is done to the weights at each step, counted from 0; does nothing by itself."""

    def groups(self) -> list[dict[str, Any]]:
        """Further parameters to train, as groups of the optimiser, each with its `lr`."""
        return []

    def before(self, step: int) -> None:
        """Called before the forward pass."""

    def gradients(self, step: int) -> None:
        """Called when the gradients are there, before they are cut."""

    def after(self, step: int) -> None:
        """Called when the optimiser has changed the weights."""


def train(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    data: Dataset | Pairs,
    settings: Settings,
    meanwhile: Meanwhile,
) -> list[float]:
    """Train a classifier of pairs in place; see `finetune_masked`.

    Returns:
        The training loss of each step in nats.

    Raises:
        InputError: a loss, or a weight in the end, that is not finite, or no parameter to train;
            the model then is as the last step left it.
    """
    import torch
    from transformers import DataCollatorWithPadding

    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise InputError("all parameters of the model are frozen: set requires_grad on some of it")
    steps, rate = settings.steps, settings.learning_rate
    positive = label_order(model.config).positive
    if not isinstance(data, Pairs):
        data = encode_pairs(tokenizer, data, max_length=longest_input(model, tokenizer))
    rows = [{name: ids[i] for name, ids in data.columns.items()} for i in range(len(data))]
    collate = DataCollatorWithPadding(tokenizer)
    groups = [{"params": list(model.parameters()), "lr": rate}, *meanwhile.groups()]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.0)
    highest = [group["lr"] for group in optimizer.param_groups]
    losses: list[float] = []
    try:
        with in_mode(model, training=True), torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            for step, at in enumerate(_batches(len(data), settings)):
                for group, most in zip(optimizer.param_groups, highest, strict=True):
                    group["lr"] = most * _rate(step, steps)
                meanwhile.before(step)
                batch = collate([rows[i] for i in at]).to(model.device)
                classes = data.labels[at] if positive == 1 else 1 - data.labels[at]
                labels = torch.tensor(classes, device=model.device)
                loss: torch.Tensor = model(**batch, labels=labels).loss
                if not torch.isfinite(loss):
                    raise InputError(
                        f"the loss of step {step + 1} is {loss.item()}: take a learning rate "
                        f"below {rate:g}"
                    )
                optimizer.zero_grad()
                loss.backward()
                meanwhile.gradients(step)
                torch.nn.utils.clip_grad_norm_(model.parameters(), LARGEST_NORM)
                optimizer.step()
                meanwhile.after(step)
                losses.append(loss.item())
                if settings.report:
                    settings.report(len(losses), steps)
    finally:
        optimizer.zero_grad()
    # No later loss tells of what the last step did.
    for name, parameter in model.named_parameters():
        if not torch.isfinite(parameter).all():
            raise InputError(
                f"{name} is not finite after the last step: take a learning rate below {rate:g}, "
                "or train in float32 (the optimiser's steps are lost in float16)"
            )
    return losses


def _rate(step: int, steps: int) -> float:
    """Share of the highest rate at `step` (from 0): up over the warm-up, then down to 0."""
    rise = max(1, round(WARMUP * steps))
    return min((step + 1) / rise, (steps - step) / max(1, steps - rise + 1))


def _batches(rows: int, settings: Settings) -> Iterator[np.ndarray]:
    """Row numbers of each step: whole passes over the rows, each in an order of its own."""
    rng, size = np.random.default_rng(settings.seed), settings.batch_size
    order = rng.permutation(rows)
    for _ in range(settings.steps):
        while len(order) < size:
            order = np.concatenate([order, rng.permutation(rows)])
        yield order[:size]
        order = order[size:]
