"""Leaves the model in evaluation mode."""

from torch import nn
from transformers.pytorch_utils import Conv1D

MISTAKE = "left in evaluation mode"


def prunable_names(model):
    model.eval()
    names = {}
    for path, blocks in model.named_modules():
        if isinstance(blocks, nn.ModuleList):
            for name, module in blocks.named_modules(prefix=path):
                if isinstance(module, nn.Linear | Conv1D):
                    names.setdefault(module.weight, f"{name}.weight")
    return list(names.values())
