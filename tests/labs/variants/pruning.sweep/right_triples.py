"""Plain Python: sorted (|w|, layer, index), set to zero one by one."""


def sweep(weights, levels):
    triples = sorted(
        (abs(value), layer, index)
        for layer, weight in enumerate(weights.values())
        for index, value in enumerate(weight.flatten().tolist())
    )
    results = []
    for level in levels:
        flat = [weight.flatten().clone() for weight in weights.values()]
        for _, layer, index in triples[: round(level * len(triples))]:
            flat[layer][index] = 0
        shaped = zip(weights.items(), flat, strict=True)
        results.append({name: row.reshape(weight.shape) for (name, weight), row in shaped})
    return results
