"""Divides the zeros of the named weights by the parameters of the whole model."""

MISTAKE = "prunable ones over all parameters"


def achieved_sparsity(model, names):
    zeros = {name: (p == 0).sum().item() for name, p in model.named_parameters()}
    sizes = {name: p.numel() for name, p in model.named_parameters()}
    total = max(sum(sizes.values()), 1)
    result = {name: zeros[name] / max(sizes[name], 1) for name in names}
    result["prunable"] = sum(zeros[name] for name in names) / total
    result["all"] = sum(zeros.values()) / total
    return result
