"""Takes a number in the name for the number of a block."""

from torch import nn
from transformers.pytorch_utils import Conv1D

MISTAKE = "a number in the name"


def prunable_names(model):
    names, seen = [], set()
    for name, module in model.named_modules():
        numbered = any(part.isdigit() for part in name.split("."))
        if isinstance(module, nn.Linear | Conv1D) and numbered and id(module.weight) not in seen:
            seen.add(id(module.weight))
            names.append(f"{name}.weight")
    return names
