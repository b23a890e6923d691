"""Modules of classes of their own: `isinstance` tells what they are, a name does not."""

import torch
from torch import nn
from transformers.pytorch_utils import Conv1D


class Adapter(nn.Linear):
    """A linear layer of a class of its own."""


class Projection(Conv1D):
    """A layer as GPT-2 has it, of a class of its own."""


class Stack(nn.ModuleList):
    """A list of blocks of a class of its own."""


class Linear(nn.Module):
    """Has the name and a matrix of a linear layer, and is none."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(outputs, inputs))
