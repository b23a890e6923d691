"""Returns the names that the layers have within their list."""

from torch import nn
from transformers.pytorch_utils import Conv1D

MISTAKE = "names within the list"


def prunable_names(model):
    names, seen = [], set()
    for blocks in model.modules():
        if isinstance(blocks, nn.ModuleList):
            for name, module in blocks.named_modules():
                if isinstance(module, nn.Linear | Conv1D) and id(module.weight) not in seen:
                    seen.add(id(module.weight))
                    names.append(f"{name}.weight")
    return names
