"""Takes the linear layers of the whole model, whether in a block or not."""

from torch import nn
from transformers.pytorch_utils import Conv1D

MISTAKE = "the head included"


def prunable_names(model):
    names = {}
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear | Conv1D):
            names.setdefault(module.weight, f"{name}.weight")
    return list(names.values())
