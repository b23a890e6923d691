"""Sorts the scores in place."""

MISTAKE = "changed its input in place"


def allocate(scores, sparsity, most):
    budget = round(sparsity * sum(part.numel() for part in scores.values()))
    entries = []
    for place, part in enumerate(scores.values()):
        part.copy_(part.flatten().sort().values.reshape(part.shape))
        cap = round(most * part.numel())
        entries += [(score, place) for score in part.flatten().tolist()[:cap]]
    gone = [place for _, place in sorted(entries)[:budget]]
    return {name: gone.count(place) for place, name in enumerate(scores)}
