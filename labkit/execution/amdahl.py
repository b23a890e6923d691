"""What sparse layers could bring at most: the time of a model whose pruned layers cost nothing."""

from __future__ import annotations

import torch
from torch import nn

from labkit.errors import InputError
from labkit.models.parameter_kinds import LINEAR
from labkit.models.prunable import prunable_layers


class FreeLinear(nn.Module):
    """A layer that costs nothing: the same random numbers each time, … × outputs."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.outputs = outputs
        self.result: torch.Tensor | None = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Numbers of the right shape; the first call for a shape draws them."""
        if self.result is None or self.result.shape[:-1] != x.shape[:-1]:
            self.result = torch.randn(*x.shape[:-1], self.outputs)
        return self.result


def free_linear(model: nn.Module) -> int:
    """Replace, in place, each linear layer that is prunable by one that costs nothing; how many.

    What the model then takes for a forward pass is its unpruned rest: embeddings, attention,
    norms and activations. It answers nonsense and cannot be turned back.

    Raises:
        InputError: no prunable layers.
    """
    layers = [layer for layer in prunable_layers(model) if layer.kind == LINEAR]
    for layer in layers:
        outputs = layer.weight.shape[1 if layer.transposed else 0]
        model.set_submodule(layer.name.removesuffix(".weight"), FreeLinear(outputs))
    return len(layers)


def amdahl(share: float, factor: float) -> float:
    """How many times as fast the whole is if a share (0 to 1) of its time is `factor` times so.

    Amdahl (1967); with an infinite factor it is the limit, 1 / (1 - share).

    Raises:
        InputError: a share outside 0 to 1, or a factor that is not above 0.
    """
    if not 0 <= share <= 1 or not factor > 0:
        raise InputError(f"share {share} and factor {factor}: 0 to 1, and above 0")
    rest = 1 - share + share / factor
    return 1 / rest if rest else float("inf")
