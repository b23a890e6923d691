"""No thought of nothing."""

MISTAKE = "0/0"


def share(tensors):
    zeros = sum((tensor == 0).sum().item() for tensor in tensors)
    return zeros / sum(tensor.numel() for tensor in tensors)


def achieved_sparsity(model, names):
    parameters = dict(model.named_parameters())
    named = [parameters[name] for name in names]
    result = {name: share([parameters[name]]) for name in names}
    return result | {"prunable": share(named), "all": share(list(parameters.values()))}
