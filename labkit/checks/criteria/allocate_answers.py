"""Right and wrong answers to the exercise `criteria.allocate`."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from labkit.checks.engine.judge import Mistake

if TYPE_CHECKING:
    from torch import Tensor

Scores = dict[str, "Tensor"]
Counts = dict[str, int]


def _lowest(
    scores: Scores,
    total: int,
    caps: Counts,
    key: "Callable[[Tensor], Tensor]" = lambda values: values,
    later: bool = False,
) -> Counts:
    """How many of the `total` lowest scores stand in each layer, where none goes beyond its cap.

    `key` is what is ranked; of equal ones those of the earlier layer go, or of the `later`.
    """
    import torch

    names = list(scores)[:: -1 if later else 1]
    parts = [key(scores[n].double().flatten()).sort().values[: caps[n]] for n in names]
    together = torch.cat([torch.zeros(0, dtype=torch.float64), *parts])
    owner = [at for at, part in enumerate(parts) for _ in range(len(part))]
    gone = torch.tensor(owner, dtype=torch.int64)[together.argsort(stable=True)[:total]]
    counts = dict(zip(names, gone.bincount(minlength=len(names)).tolist(), strict=False))
    return {name: counts[name] for name in scores}


def _caps(scores: Scores, most: float, count: Callable[[float], int] = round) -> Counts:
    return {
        name: min(count(most * tensor.numel()), tensor.numel()) for name, tensor in scores.items()
    }


def _all(scores: Scores) -> int:
    return sum(tensor.numel() for tensor in scores.values())


def right(scores: Scores, sparsity: float, most: float) -> Counts:
    """How many weights each layer loses."""
    return _lowest(scores, round(sparsity * _all(scores)), _caps(scores, most))


def _uncapped(scores: Scores, sparsity: float, most: float = 1.0) -> Counts:
    return _lowest(scores, round(sparsity * _all(scores)), _caps(scores, 1.0))


def _cut_off(scores: Scores, sparsity: float, most: float) -> Counts:
    caps = _caps(scores, most)
    return {name: min(n, caps[name]) for name, n in _uncapped(scores, sparsity).items()}


def _uniform(scores: Scores, sparsity: float, most: float) -> Counts:
    return {name: round(sparsity * tensor.numel()) for name, tensor in scores.items()}


def _to_the_next(scores: Scores, sparsity: float, most: float) -> Counts:
    """What a capped layer cannot lose is taken from the next ones in order."""
    counts, caps = _cut_off(scores, sparsity, most), _caps(scores, most)
    rest = round(sparsity * _all(scores)) - sum(counts.values())
    for name in counts:
        more = min(rest, caps[name] - counts[name])
        counts[name], rest = counts[name] + more, rest - more
    return counts


def _of_all(scores: Scores, sparsity: float, most: float) -> Counts:
    """The cap taken for a share of all zeros."""
    total = round(sparsity * _all(scores))
    caps = {name: min(round(most * total), t.numel()) for name, t in scores.items()}
    return _lowest(scores, total, caps)


def _in_order(scores: Scores, sparsity: float, most: float) -> Counts:
    """Layer by layer up to its cap, until the budget is spent."""
    rest, counts = round(sparsity * _all(scores)), {}
    for name, cap in _caps(scores, most).items():
        counts[name] = min(cap, rest)
        rest -= counts[name]
    return counts


def _with_counts(
    total: Callable[[float], int] = round, cap: Callable[[float], int] = round
) -> Callable:
    return lambda scores, sparsity, most: _lowest(
        scores, total(sparsity * _all(scores)), _caps(scores, most, cap)
    )


def _threshold(scores: Scores, sparsity: float, most: float) -> Counts:
    """All scores as low as the last one to go."""
    import torch

    total, caps = round(sparsity * _all(scores)), _caps(scores, most)
    if total == 0:
        return dict.fromkeys(scores, 0)
    parts = [t.flatten().sort().values[: caps[name]] for name, t in scores.items()]
    limit = torch.cat(parts).sort().values[total - 1]
    return {name: int((p <= limit).sum()) for name, p in zip(scores, parts, strict=True)}


def _topk(scores: Scores, sparsity: float, most: float) -> Counts:
    """The lowest of what the layers can give, equal ones as topk has them."""
    import torch

    caps = _caps(scores, most)
    parts = [t.flatten().sort().values[: caps[name]] for name, t in scores.items()]
    return _chosen(scores, torch.cat([torch.zeros(0), *parts]), [len(p) for p in parts], sparsity)


def _topk_of_all(scores: Scores, sparsity: float, most: float) -> Counts:
    """The same, where what a layer cannot give is made infinite."""
    import torch

    caps, parts = _caps(scores, most), []
    for name, tensor in scores.items():
        flat = tensor.flatten()
        ranks = flat.argsort(stable=True).argsort()
        parts.append(flat.masked_fill(ranks >= caps[name], torch.inf))
    return _chosen(scores, torch.cat([torch.zeros(0), *parts]), [len(p) for p in parts], sparsity)


def _chosen(scores: Scores, together: "Tensor", sizes: list[int], sparsity: float) -> Counts:
    import torch

    gone = torch.zeros(len(together), dtype=torch.int64)
    gone[together.topk(round(sparsity * _all(scores)), largest=False).indices] = 1
    counts = [int(part.sum()) for part in gone.split(sizes)] if sizes else []
    return dict(zip(scores, counts, strict=True))


def _shares(scores: Scores, sparsity: float, most: float) -> dict[str, float]:
    return {
        n: count / max(scores[n].numel(), 1) for n, count in right(scores, sparsity, most).items()
    }


def _kept(scores: Scores, sparsity: float, most: float) -> Counts:
    return {n: scores[n].numel() - count for n, count in right(scores, sparsity, most).items()}


def _signless(scores: Scores, sparsity: float, most: float) -> Counts:
    return _lowest(
        scores, round(sparsity * _all(scores)), _caps(scores, most), key=lambda values: values.abs()
    )


def _highest(scores: Scores, sparsity: float, most: float) -> Counts:
    total = round(sparsity * _all(scores))
    return _lowest(scores, total, _caps(scores, most), key=lambda values: -values)


def _later(scores: Scores, sparsity: float, most: float) -> Counts:
    return _lowest(scores, round(sparsity * _all(scores)), _caps(scores, most), later=True)


def _sorted(scores: Scores, sparsity: float, most: float) -> Counts:
    return dict(sorted(right(scores, sparsity, most).items()))


def _mean_of_layers(scores: Scores, sparsity: float, most: float) -> Counts:
    """Each layer ranked by the share of its own scores that lie lower: all layers alike."""
    caps = _caps(scores, most)
    return {name: min(round(sparsity * t.numel()), caps[name]) for name, t in scores.items()}


def _through(cast: Callable[["Tensor"], "Tensor"]) -> Callable[..., Counts]:
    """Scores ranked in half precision."""
    return lambda scores, sparsity, most: _lowest(
        scores, round(sparsity * _all(scores)), _caps(scores, most), key=cast
    )


MISTAKES = (
    Mistake(
        "cut off at the cap",
        "what a capped layer cannot lose others have to, or the budget is missed",
        _cut_off,
    ),
    Mistake("no cap", "no layer loses more than round(most * its weights)", _uncapped),
    Mistake(
        "all layers alike",
        "the budget is for the model: layers with low scores lose more than others",
        _uniform,
    ),
    Mistake(
        "all layers alike",
        "the budget is for the model: layers with low scores lose more than others",
        _mean_of_layers,
    ),
    Mistake(
        "the rest taken in order",
        "what a capped layer cannot lose is taken where the next lowest scores are",
        _to_the_next,
    ),
    Mistake(
        "layers used up in order",
        "scores decide where the zeros go, not the order of the layers",
        _in_order,
    ),
    Mistake(
        "cap on the share of the zeros",
        "the cap is a share of the layer's own weights, not of all zeros",
        _of_all,
    ),
    Mistake(
        "the highest scores go",
        "a high score says that the weight matters",
        _highest,
    ),
    Mistake(
        "size of the score",
        "a score below zero is the least of all: rank the scores as they are, not their size",
        _signless,
    ),
    Mistake("shares for counts", "the result is a number of zeros for each layer", _shares),
    Mistake("kept counted", "the result is the number of zeros, not of weights that stay", _kept),
    Mistake(
        "equal scores in the later layer first",
        "of equal scores in different layers those of the earlier layer go first",
        _later,
    ),
    Mistake(
        "threshold with ties",
        "comparing with a threshold takes all scores of that value, another number of zeros",
        _threshold,
    ),
    *(
        Mistake(
            "topk with ties",
            "topk takes equal scores in no order that it promises: sort stably, so that those of "
            "the earlier layer go first",
            answer,
        )
        for answer in (_topk, _topk_of_all)
    ),
    Mistake(
        "names sorted as strings",
        "sorted() puts block.10 before block.2; keep the order of the dict",
        _sorted,
    ),
    *(
        Mistake(
            "ranked by fewer digits",
            "in half precision different scores become equal: rank them as they are",
            _through(cast),
        )
        for cast in (lambda values: values.half(), lambda values: values.bfloat16())
    ),
    *(
        Mistake(
            "int() for round()",
            "int() cuts off: 0.29 * 100 is 28.999999999999996 and becomes 28",
            _with_counts(**how),
        )
        for how in ({"total": int}, {"cap": int}, {"total": int, "cap": int})
    ),
    *(
        Mistake("rounding up", "ceil() takes one too many; use round()", _with_counts(**how))
        for how in (
            {"total": math.ceil},
            {"cap": math.ceil},
            {"total": math.ceil, "cap": math.ceil},
        )
    ),
)
