"""Lets later layers go first."""

MISTAKE = "equal scores in the later layer first"


def allocate(scores, sparsity, most):
    budget = round(sparsity * sum(part.numel() for part in scores.values()))
    entries = []
    for place, part in enumerate(scores.values()):
        cap = round(most * part.numel())
        entries += [(score, -place) for score in sorted(part.flatten().tolist())[:cap]]
    gone = [place for _, place in sorted(entries)[:budget]]
    return {name: gone.count(-place) for place, name in enumerate(scores)}
