"""The same fraction twice."""

MISTAKE = "the same fraction called global"


def sparsity_by_layer(weights, sparsity):
    result = {}
    for name, weight in weights.items():
        size = max(weight.numel(), 1)
        result[name] = (
            round(sparsity * weight.numel()) / size,
            round(sparsity * weight.numel()) / size,
        )
    return result
