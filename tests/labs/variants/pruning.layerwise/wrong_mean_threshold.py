"""The mean of the thresholds."""

MISTAKE = "averaged thresholds"


def sparsity_by_layer(weights, sparsity):
    limits = [
        weight.abs().double().flatten().sort().values[count - 1].item()
        for weight in weights.values()
        if (count := round(sparsity * weight.numel()))
    ]
    limit = sum(limits) / len(limits) if limits else -1
    result = {}
    for name, weight in weights.items():
        size = max(weight.numel(), 1)
        result[name] = (
            (weight.abs().double() <= limit).sum().item() / size,
            round(sparsity * weight.numel()) / size,
        )
    return result
