"""Does not know the Conv1D of GPT-2."""

from torch import nn

MISTAKE = "only nn.Linear"


def prunable_names(model):
    names, seen = [], set()
    for path, blocks in model.named_modules():
        if isinstance(blocks, nn.ModuleList):
            for name, module in blocks.named_modules(prefix=path):
                if isinstance(module, nn.Linear) and module.weight not in seen:
                    seen.add(module.weight)
                    names.append(f"{name}.weight")
    return names
