"""Plain Python: sorted (|w|, layer)."""


def sparsity_by_layer(weights, sparsity):
    pairs = sorted(
        (abs(value), layer)
        for layer, weight in enumerate(weights.values())
        for value in weight.flatten().tolist()
    )
    gone = [layer for _, layer in pairs[: round(sparsity * len(pairs))]]
    result = {}
    for layer, (name, weight) in enumerate(weights.items()):
        size = weight.numel()
        alone = round(sparsity * size)
        result[name] = (gone.count(layer) / size, alone / size) if size else (0.0, 0.0)
    return result
