"""Goes by the number of dimensions, so that an embedding table counts as well."""

from torch import nn

MISTAKE = "every matrix of the blocks"


def prunable_names(model):
    names = {}
    for path, blocks in model.named_modules():
        if isinstance(blocks, nn.ModuleList):
            for name, parameter in blocks.named_parameters(prefix=path):
                if parameter.dim() == 2:
                    names.setdefault(parameter, name)
    return list(names.values())
