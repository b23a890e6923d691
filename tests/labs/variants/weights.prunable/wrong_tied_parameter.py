"""Trusts named_modules(), which lists a shared module once but not a shared tensor."""

from torch import nn
from transformers.pytorch_utils import Conv1D

MISTAKE = "tied weights counted twice"


def prunable_names(model):
    names = []
    for path, blocks in model.named_modules():
        if isinstance(blocks, nn.ModuleList):
            for name, module in blocks.named_modules(prefix=path):
                if isinstance(module, nn.Linear | Conv1D):
                    names.append(f"{name}.weight")
    return names
