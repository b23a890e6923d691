"""Only the zeros that pruning made."""

MISTAKE = "zeros outside the named ones forgotten"


def share(tensors):
    zeros = sum((tensor == 0).sum().item() for tensor in tensors)
    return zeros / max(sum(tensor.numel() for tensor in tensors), 1)


def achieved_sparsity(model, names):
    parameters = dict(model.named_parameters())
    named = [parameters[name] for name in names]
    result = {name: share([parameters[name]]) for name in names}
    zeros = sum((weight == 0).sum().item() for weight in named)
    total = sum(parameter.numel() for parameter in model.parameters())
    return result | {"prunable": share(named), "all": zeros / total}
