"""Looks for a tensor in a list of tensors, which compares their entries."""

from torch import nn
from transformers.pytorch_utils import Conv1D

MISTAKE = "tensors compared by their values"


def prunable_names(model):
    names, seen = [], []
    for path, blocks in model.named_modules():
        if not isinstance(blocks, nn.ModuleList):
            continue
        for name, module in blocks.named_modules(prefix=path):
            if isinstance(module, nn.Linear | Conv1D) and module.weight not in seen:
                seen.append(module.weight)
                names.append(f"{name}.weight")
    return names
