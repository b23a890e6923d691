"""Takes everything inside the blocks, LayerNorm too."""

from torch import nn

MISTAKE = "every parameter of the blocks"


def prunable_names(model):
    lists = [path for path, module in model.named_modules() if isinstance(module, nn.ModuleList)]
    return [
        name
        for name, _ in model.named_parameters()
        if any(name.startswith(path + ".") for path in lists)
    ]
