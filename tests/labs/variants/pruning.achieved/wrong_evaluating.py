"""Leaves the model in evaluation mode."""

MISTAKE = "left in evaluation mode"


def achieved_sparsity(model, names):
    def share(parameters):
        total = sum(parameter.numel() for parameter in parameters)
        return sum(int((parameter == 0).sum()) for parameter in parameters) / max(total, 1)

    named = [model.get_parameter(name) for name in names]
    shares = {name: share([one]) for name, one in zip(names, named, strict=True)}
    return shares | {"prunable": share(named), "all": share(list(model.eval().parameters()))}
