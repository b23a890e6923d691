"""One threshold, but the mean of the layers' own."""

MISTAKE = "averaged thresholds"


def global_masks(weights, sparsity):
    limits = []
    for weight in weights.values():
        count = round(sparsity * weight.numel())
        if count:
            limits.append(weight.abs().flatten().kthvalue(count).values.item())
    limit = sum(limits) / len(limits) if limits else -1
    return {name: weight.abs() > limit for name, weight in weights.items()}
