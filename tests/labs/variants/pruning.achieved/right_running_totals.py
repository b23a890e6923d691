"""Adds up while it goes."""


def achieved_sparsity(model, names):
    result, zeros, total = {}, 0, 0
    for name in names:
        weight = model.get_parameter(name)
        found = weight.numel() - int(weight.count_nonzero())
        result[name] = found / weight.numel() if weight.numel() else 0.0
        zeros, total = zeros + found, total + weight.numel()
    result["prunable"] = zeros / total if total else 0.0
    zeros = sum(p.numel() - int(p.count_nonzero()) for p in model.parameters())
    result["all"] = zeros / sum(p.numel() for p in model.parameters())
    return result
