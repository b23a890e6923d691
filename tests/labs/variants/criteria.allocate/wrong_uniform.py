"""Takes the same share from each."""

MISTAKE = "all layers alike"


def allocate(scores, sparsity, most):
    return {name: round(min(sparsity, most) * part.numel()) for name, part in scores.items()}
