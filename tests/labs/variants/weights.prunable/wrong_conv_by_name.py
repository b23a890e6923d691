"""Knows Conv1D by its name, which a subclass does not have."""

from torch import nn

MISTAKE = "tried prunable_names"


def prunable_names(model):
    names = {}
    for path, blocks in model.named_modules():
        if isinstance(blocks, nn.ModuleList):
            for name, module in blocks.named_modules(prefix=path):
                if isinstance(module, nn.Linear) or type(module).__name__ == "Conv1D":
                    names.setdefault(module.weight, f"{name}.weight")
    return list(names.values())
