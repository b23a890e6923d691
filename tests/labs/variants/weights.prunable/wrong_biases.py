"""Takes all parameters of the right modules."""

from torch import nn
from transformers.pytorch_utils import Conv1D

MISTAKE = "biases included"


def prunable_names(model):
    names = {}
    for path, blocks in model.named_modules():
        if isinstance(blocks, nn.ModuleList):
            for name, module in blocks.named_modules(prefix=path):
                if isinstance(module, nn.Linear | Conv1D):
                    for part, parameter in module.named_parameters():
                        names.setdefault(parameter, f"{name}.{part}")
    return list(names.values())
