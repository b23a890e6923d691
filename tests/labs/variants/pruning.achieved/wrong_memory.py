"""Takes two parameters in one memory for one, unless they are named."""

MISTAKE = "tried achieved_sparsity"


def achieved_sparsity(model, names):
    parameters = dict(model.named_parameters())
    first = {p.data_ptr(): name for name, p in reversed(parameters.items())}.values()

    def share(chosen):
        zeros = sum(int((parameters[name] == 0).sum()) for name in chosen)
        return zeros / max(sum(parameters[name].numel() for name in chosen), 1)

    parts = {name: share([name]) for name in names}
    counted = [name for name in parameters if name in names or name in first]
    return parts | {"prunable": share(names), "all": share(counted)}
