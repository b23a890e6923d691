"""All that is called weight."""

MISTAKE = "biases left out"


def share(tensors):
    zeros = sum((tensor == 0).sum().item() for tensor in tensors)
    return zeros / max(sum(tensor.numel() for tensor in tensors), 1)


def achieved_sparsity(model, names):
    parameters = dict(model.named_parameters())
    named = [parameters[name] for name in names]
    others = [p for n, p in parameters.items() if "bias" not in n]
    result = {name: share([parameters[name]]) for name in names}
    return result | {"prunable": share(named), "all": share(others)}
