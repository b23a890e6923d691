"""Goes through the blocks one by one and forgets that they may share a tensor."""

from torch import nn
from transformers.pytorch_utils import Conv1D

MISTAKE = "tied weights counted twice"


def prunable_names(model):
    names = []
    for path, blocks in model.named_modules():
        if isinstance(blocks, nn.ModuleList):
            for index, block in enumerate(blocks):
                for name, module in block.named_modules(prefix=f"{path}.{index}"):
                    if isinstance(module, nn.Linear | Conv1D):
                        names.append(f"{name}.weight")
    return names
