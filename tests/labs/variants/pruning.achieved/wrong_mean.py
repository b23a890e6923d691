"""The mean of the layers."""

MISTAKE = "mean over the layers"


def share(tensors):
    zeros = sum((tensor == 0).sum().item() for tensor in tensors)
    return zeros / max(sum(tensor.numel() for tensor in tensors), 1)


def achieved_sparsity(model, names):
    parameters = dict(model.named_parameters())
    result = {name: share([parameters[name]]) for name in names}
    mean = sum(result.values()) / max(len(names), 1)
    return result | {"prunable": mean, "all": share(list(parameters.values()))}
