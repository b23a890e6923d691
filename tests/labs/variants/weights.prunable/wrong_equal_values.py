"""Takes two weights with the same numbers for one."""

import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

MISTAKE = "equal taken for the same"


def prunable_names(model):
    names, seen = [], []
    for path, blocks in model.named_modules():
        if not isinstance(blocks, nn.ModuleList):
            continue
        for name, module in blocks.named_modules(prefix=path):
            if isinstance(module, nn.Linear | Conv1D):
                if not any(torch.equal(module.weight, other) for other in seen):
                    names.append(f"{name}.weight")
                seen.append(module.weight)
    return names
