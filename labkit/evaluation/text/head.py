"""What a model gives to chosen tokens at chosen places, without logits for all the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from labkit.models.start_token import start_token_needed

if TYPE_CHECKING:
    import torch
    from torch import nn
    from transformers import PreTrainedModel

LOGIT_BYTES = 1 << 26
"""Bytes of float32 logits that are in memory at once (64 MiB, and as much again for their sum)."""


class Reader:
    """Reads off a model how many nats it pays for tokens.

    Where the model's logits are just what its output matrix makes of the last states, that matrix
    is multiplied with the states of the wanted places alone, a part at a time: logits of 50,000
    words at each place of a batch would take gigabytes.  Where something follows (Gemma 2 caps its
    logits), all are computed, in smaller batches (`rows_tokens`).
    """

    def __init__(self, model: PreTrainedModel, sample: dict[str, torch.Tensor]) -> None:
        """`sample` is an input of one row, on which it is tried whether the matrix is all."""
        import torch

        self.model = model
        head = model.get_output_embeddings()
        self.head: nn.Module | None = head
        if head is not None:
            with torch.inference_mode(), self._hook(narrow=False) as states:
                logits = self._logits(sample)
                plain = len(states) == 1 and _same(head(states[0]), logits)
            self.head = head if plain else None
            self.vocabulary = logits.shape[-1]
        else:
            with torch.inference_mode():
                self.vocabulary = self._logits(sample).shape[-1]

    @property
    def at_once(self) -> int:
        """Places whose logits fit into `LOGIT_BYTES`."""
        return max(1, LOGIT_BYTES // (4 * self.vocabulary))

    def batch_tokens(self, wanted: int) -> int:
        """Tokens of a batch: `wanted`, or fewer where logits are computed at every place."""
        return wanted if self.head is not None else min(wanted, self.at_once)

    def nats(
        self,
        inputs: dict[str, torch.Tensor],
        rows: torch.Tensor,
        places: torch.Tensor,
        targets: torch.Tensor,
    ) -> torch.Tensor:
        """-ln p of `targets` at (`rows`, `places`), float32 (n,); the sum of a softmax is float32.

        The three are int64 of shape (n,), on the model's device.
        """
        import torch

        if self.head is None:
            logits = self._logits(inputs)[rows, places]
            return torch.cat(
                [
                    _nats(logits[at : at + self.at_once], targets[at : at + self.at_once])
                    for at in range(0, len(targets), self.at_once)
                ]
            )
        with self._hook(narrow=True) as states:
            self._logits(inputs)
        wanted = states[0][rows, places]
        return torch.cat(
            [
                _nats(self.head(wanted[at : at + self.at_once]), targets[at : at + self.at_once])
                for at in range(0, len(targets), self.at_once)
            ]
        )

    def _logits(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        with start_token_needed(self.model):
            return self.model(**inputs).logits

    @contextmanager
    def _hook(self, narrow: bool) -> Iterator[list[torch.Tensor]]:
        """Collect what goes into the head; with `narrow` the head itself gets one place only."""
        states: list[torch.Tensor] = []

        def keep(module: nn.Module, arguments: tuple) -> tuple | None:
            states.append(arguments[0])
            return (arguments[0][:, :1], *arguments[1:]) if narrow else None

        handle = self.head.register_forward_pre_hook(keep)
        try:
            yield states
        finally:
            handle.remove()


def _same(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether two tensors hold the same, NaN counted as equal to itself."""
    import torch

    return one.shape == other.shape and bool(torch.isclose(one, other, 0, 0, True).all())


def _nats(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    logits = logits.float()
    return logits.logsumexp(-1) - logits.gather(-1, targets[:, None])[:, 0]
