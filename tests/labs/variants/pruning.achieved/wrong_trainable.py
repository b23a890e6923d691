"""Leaves out what requires no gradients."""

MISTAKE = "trainable ones only"


def achieved_sparsity(model, names):
    def share(parameters):
        total = sum(parameter.numel() for parameter in parameters)
        return sum(int((parameter == 0).sum()) for parameter in parameters) / max(total, 1)

    named = [model.get_parameter(name) for name in names]
    shares = {name: share([one]) for name, one in zip(names, named, strict=True)}
    trainable = [p for p in model.parameters() if p.requires_grad]
    return shares | {
        "prunable": share(named),
        "all": share(trainable),
    }
