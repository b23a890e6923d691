"""Rounds the caps up."""

MISTAKE = "rounding up"


def allocate(scores, sparsity, most):
    budget = round(sparsity * sum(part.numel() for part in scores.values()))
    entries = []
    for place, part in enumerate(scores.values()):
        cap = -int(-most * part.numel() // 1)
        entries += [(score, place) for score in sorted(part.flatten().tolist())[:cap]]
    gone = [place for _, place in sorted(entries)[:budget]]
    return {name: gone.count(place) for place, name in enumerate(scores)}
