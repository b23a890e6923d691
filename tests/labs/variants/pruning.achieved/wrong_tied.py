"""Counts each name."""

MISTAKE = "tied weights counted twice"


def share(tensors):
    zeros = sum((tensor == 0).sum().item() for tensor in tensors)
    return zeros / max(sum(tensor.numel() for tensor in tensors), 1)


def achieved_sparsity(model, names):
    parameters = dict(model.named_parameters())
    named = [parameters[name] for name in names]
    pairs = model.named_parameters(remove_duplicate=False)
    result = {name: share([parameters[name]]) for name in names}
    return result | {"prunable": share(named), "all": share([p for _, p in pairs])}
