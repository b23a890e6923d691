"""Switches the gradients of each parameter on at the end, of the frozen ones too."""

MISTAKE = "was left with gradients"


def layer_sensitivity(model, names, sparsity, evaluate):
    dense, drops = evaluate(model), {}
    model.requires_grad_(False)
    for name in names:
        weight = model.get_parameter(name)
        saved = weight.clone()
        order = weight.abs().flatten().argsort(stable=True)
        weight.view(-1)[order[: round(sparsity * weight.numel())]] = 0
        drops[name] = dense - evaluate(model)
        weight.copy_(saved)
    model.requires_grad_(True)
    return drops
