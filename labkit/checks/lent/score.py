"""Stand-ins for an evaluation of a model, as modules: picklable and quick (this imports torch)."""

import torch
from torch import nn


class Score(nn.Module):
    """Score of a model: a weighted sum of |w| over its parameters, so that each weight counts.

    `importance` holds a number for each parameter in the order of `model.parameters()`; within a
    parameter later entries count more.  The score flattens out: the layers depend on each other.
    """

    def __init__(self, importance: tuple[float, ...]) -> None:
        super().__init__()
        self.importance = importance

    def forward(self, model: nn.Module) -> float:
        """Return the score as a Python number."""
        total = 0.0
        with torch.no_grad():
            for share, parameter in zip(self.importance, model.parameters(), strict=True):
                values = parameter.double().flatten()
                places = torch.arange(1, len(values) + 1, dtype=torch.float64)
                # Signs count a little too: no two weights of one size are worth the same.
                total += share * float((values.abs() * places + values / 4).sum())
        return total / (100 + abs(total))
