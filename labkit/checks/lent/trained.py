"""Modules that come with gradients, as after a step of training."""

from typing import Any

import torch
from torch import nn


class Trained(nn.Module):
    """A module each of whose parameters has a gradient; so have copies, and what is sent.

    Copying a parameter, and writing it to a file, lose its gradient.
    """

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self.with_gradients()

    def with_gradients(self) -> None:
        """Give each parameter a gradient of its own shape and dtype."""
        for parameter in self.parameters():
            parameter.grad = torch.full_like(parameter, 0.5, requires_grad=False)


class TrainedLayers(Trained, nn.Sequential):
    """Layers in a row, with gradients."""
