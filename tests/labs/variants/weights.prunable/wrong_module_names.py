"""Returns the names of the modules, without .weight."""

from torch import nn
from transformers.pytorch_utils import Conv1D

MISTAKE = "names of modules"


def prunable_names(model):
    names = {}
    for path, blocks in model.named_modules():
        if isinstance(blocks, nn.ModuleList):
            for name, module in blocks.named_modules(prefix=path):
                if isinstance(module, nn.Linear | Conv1D):
                    names.setdefault(module.weight, name)
    return list(names.values())
