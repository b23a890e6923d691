"""Uses up one layer after the other."""

MISTAKE = "layers used up in order"


def allocate(scores, sparsity, most):
    budget = round(sparsity * sum(part.numel() for part in scores.values()))
    result = {}
    for name, part in scores.items():
        result[name] = min(round(most * part.numel()), budget)
        budget -= result[name]
    return result
