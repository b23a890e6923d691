"""One minus the sparsity."""

MISTAKE = "share of non-zeros"


def achieved_sparsity(model, names):
    parameters = dict(model.named_parameters())

    def left(tensors):
        zeros = sum((tensor == 0).sum().item() for tensor in tensors)
        return 1 - zeros / max(sum(tensor.numel() for tensor in tensors), 1)

    result = {name: left([parameters[name]]) for name in names}
    named = [parameters[name] for name in names]
    return result | {"prunable": left(named), "all": left(list(parameters.values()))}
