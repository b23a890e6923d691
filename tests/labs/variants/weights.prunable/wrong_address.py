"""Knows a tensor by the address of its memory, which two may have."""

from torch import nn
from transformers.pytorch_utils import Conv1D

MISTAKE = "equal taken for the same"


def prunable_names(model):
    names = {}
    for path, blocks in model.named_modules():
        if isinstance(blocks, nn.ModuleList):
            for name, module in blocks.named_modules(prefix=path):
                if isinstance(module, nn.Linear | Conv1D):
                    names.setdefault(module.weight.data_ptr(), f"{name}.weight")
    return list(names.values())
