"""The exercise `criteria.nm`: n of each m neighbours stay, by any score.

Its text promises scores of three dtypes, any signs and strides, also ones that differ in their last
bit; any n from 0 to m, rows that are no multiple of m long, no rows and no columns.
"""

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake
from labkit.checks.engine.value_cases import Case

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Rule = Callable[["Tensor", int, int], "Tensor"]
"""From a short row of scores (k <= m of them), n and m to its mask."""


def _lowest_go(group: "Tensor", n: int, m: int) -> "Tensor":
    """Mask of one group: its n highest scores stay, of equal ones the later."""
    import torch

    keep = torch.ones(len(group), dtype=torch.bool)
    keep[group.double().argsort(stable=True)[: max(len(group) - n, 0)]] = False
    return keep


def _grouped(rule: Rule) -> Callable[["Tensor", int, int], "Tensor"]:
    """The answer that applies a rule to each group of each row."""

    def answer(scores: "Tensor", n: int, m: int) -> "Tensor":
        import torch

        keep = torch.ones(scores.shape, dtype=torch.bool)
        for row, marks in zip(scores, keep, strict=True):
            for start in range(0, len(row), m):
                marks[start : start + m] = rule(row[start : start + m], n, m)
        return keep

    return answer


_right = _grouped(_lowest_go)


def _short(rule: Rule) -> Callable[["Tensor", int, int], "Tensor"]:
    """The answer that treats the last group by another rule where it is short."""
    return _grouped(lambda group, n, m: (rule if len(group) < m else _lowest_go)(group, n, m))


def _filled(group: "Tensor", n: int, m: int, value: float = 0.0) -> "Tensor":
    """A short group filled up in front of the pruning, and cut off after it."""
    import torch

    more = torch.full((m - len(group),), value, dtype=torch.float64)
    return _lowest_go(torch.cat([group.double(), more]), n, m)[: len(group)]


def _across_rows(scores: "Tensor", n: int, m: int) -> "Tensor":
    return _right(scores.reshape(1, -1), n, m).reshape(scores.shape)


def _columns(scores: "Tensor", n: int, m: int) -> "Tensor":
    return _right(scores.t(), n, m).t()


def _apart(scores: "Tensor", n: int, m: int) -> "Tensor":
    import torch

    keep, groups = torch.ones(scores.shape, dtype=torch.bool), scores.shape[1] // m
    for start in range(groups):
        keep[:, start::groups] = torch.stack([_lowest_go(r[start::groups], n, m) for r in scores])
    return keep


def _unstable(scores: "Tensor", n: int, m: int) -> "Tensor":
    """Each group sorted as torch likes, which keeps no order of equal scores in long rows."""
    import torch

    keep = torch.ones(scores.shape, dtype=torch.bool)
    for start in range(0, scores.shape[1], m):
        group = scores[:, start : start + m]
        gone = group.argsort(dim=1)[:, : max(group.shape[1] - n, 0)]
        keep[:, start : start + m] = keep[:, start : start + m].scatter(1, gone, False)
    return keep


def _topk_of_all(scores: "Tensor", n: int, m: int) -> "Tensor":
    """As `_unstable`, by topk."""
    import torch

    keep = torch.ones(scores.shape, dtype=torch.bool)
    for start in range(0, scores.shape[1], m):
        group = scores[:, start : start + m]
        gone = group.topk(max(group.shape[1] - n, 0), dim=1, largest=False).indices
        keep[:, start : start + m] = keep[:, start : start + m].scatter(1, gone, False)
    return keep


def _topk(largest: bool) -> Rule:
    def rule(group: "Tensor", n: int, m: int) -> "Tensor":
        import torch

        count = min(n, len(group)) if largest else max(len(group) - n, 0)
        keep = torch.full((len(group),), not largest)
        keep[group.topk(count, largest=largest).indices] = largest
        return keep

    return rule


def _threshold(strict: bool) -> Rule:
    """Keep what is above the highest score to go, or at the lowest to stay."""

    def rule(group: "Tensor", n: int, m: int) -> "Tensor":
        ranked, gone = group.sort().values, max(len(group) - n, 0)
        if strict:
            return group > ranked[gone - 1] if gone else group == group
        return group >= ranked[gone] if gone < len(group) else group != group

    return rule


def _through(cast: Callable[["Tensor"], "Tensor"]) -> Rule:
    return lambda group, n, m: _lowest_go(cast(group), n, m)


_PATTERN = "each group of m neighbours has zeros of its own; a count per row is another pattern"

_MISTAKES = (
    Mistake(
        "groups run on into the next row",
        "reshape(-1, m) cuts a row of another length in the wrong places: a group never leaves "
        "its row",
        _across_rows,
        error="is invalid for input of size",
    ),
    Mistake("groups along columns", "the m neighbours of a group stand in one row", _columns),
    Mistake(
        "members of a group apart",
        "a group is m consecutive scores; check what reshape() puts beside each other",
        _apart,
    ),
    Mistake(
        "n pruned",
        "n of m are kept, so m - n go; only for 2:4 is that the same",
        _grouped(lambda group, n, m: _lowest_go(group, m - n, m)),
    ),
    Mistake(
        "kept and pruned swapped",
        "a mask is True where a weight is kept",
        lambda scores, n, m: ~_right(scores, n, m),
    ),
    Mistake(
        "the lowest scores kept",
        "a high score says that the weight matters",
        _grouped(lambda group, n, m: _lowest_go(-group.double(), n, m)),
    ),
    Mistake(
        "size of the score",
        "a score below zero is the least of all: rank the scores as they are, not their size",
        _grouped(_through(lambda group: group.double().abs())),
    ),
    Mistake(
        "a count per row",
        _PATTERN,
        lambda scores, n, m: _right(scores, n * scores.shape[1] // m, max(scores.shape[1], 1)),
    ),
    Mistake(
        "short group kept",
        "of the k < m scores at the end of a row n stay too, and k - n go",
        _short(lambda group, n, m: group == group),
    ),
    Mistake(
        "short group pruned",
        "of the k < m scores at the end of a row the n highest stay, or all if there are fewer",
        _short(lambda group, n, m: group != group),
    ),
    Mistake(
        "short group in proportion",
        "of the k < m scores at the end of a row n stay, not n/m of them",
        _short(lambda group, n, m: _lowest_go(group, round(n * len(group) / m), m)),
    ),
    Mistake(
        "short group loses m - n",
        "of the k < m scores at the end of a row n stay, so k - n go, not m - n",
        _short(lambda group, n, m: _lowest_go(group, max(len(group) - (m - n), 0), m)),
    ),
    *(
        Mistake(
            "short group filled up",
            "what it is filled up with is ranked among the scores: it must be below all of them, "
            "and lose every tie",
            _short(lambda group, n, m, value=value: _filled(group, n, m, value)),
        )
        for value in (0.0, float("inf"))
    ),
    *(
        Mistake(
            "equal scores in another order",
            "of equal scores the one with the lower column goes first; topk and an unstable sort "
            "promise no order",
            answer,
        )
        for answer in (
            _grouped(lambda group, n, m: _lowest_go(group.flip(0), n, m).flip(0)),
            _grouped(_topk(True)),
            _grouped(_topk(False)),
            _unstable,
            _topk_of_all,
        )
    ),
    *(
        Mistake(
            "threshold with ties",
            "comparing with a threshold prunes or keeps all of that score, another count",
            _grouped(_threshold(strict)),
        )
        for strict in (True, False)
    ),
    *(
        Mistake(
            "ranked by fewer digits",
            "in half precision different scores become equal: rank them as they are",
            _grouped(_through(cast)),
        )
        for cast in (lambda group: group.half(), lambda group: group.bfloat16())
    ),
)


class _Draws:
    """Scores drawn from a seed, such that each known misconception shows on them."""

    def __init__(self, draw: Random) -> None:
        self.random = draw

    def scores(self, rows: int, columns: int) -> "Tensor":
        """Distinct scores of either sign, exact in half precision: those below 0 are many.

        The lower a score, the larger it mostly is: ranking by size is wrong in each group.
        """
        import torch

        sizes = self.random.sample(range(1, 256), rows * columns)
        values = [size * self.random.choice((-1, -1, 1)) / 8 for size in sizes]
        return torch.tensor(values, dtype=torch.float32, device="cpu").reshape(rows, columns)

    def tied(self, rows: int, columns: int) -> "Tensor":
        """Scores of three values, zeros of either sign among them."""
        import torch

        values = self.random.choices((-0.5, 0.0, -0.0, 1.5), k=rows * columns)
        return torch.tensor(values, dtype=torch.float32, device="cpu").reshape(rows, columns)

    def nearly_tied(self, rows: int, columns: int, kind: "torch.dtype") -> "Tensor":
        """Scores that differ in their last bit, the higher ones first."""
        import torch

        result = []
        for _ in range(rows * columns):
            size = torch.tensor(self.random.choice((1.5, 300.0, 0.02)), dtype=kind)
            result.append(self.random.choice((-1, 1)) * size)
        base = torch.stack(result)
        base = base.reshape(rows, columns)[:, :1].expand(rows, columns).clone()
        step = torch.nextafter(base, torch.full_like(base, -float("inf")))
        late = torch.arange(columns).expand(rows, columns) % 3 == 2
        return torch.where(late, step, base)


def _cases(draw: Random) -> Groups:
    """Inputs of `nm_mask(scores, n, m)`."""
    import torch

    draws = _Draws(draw)

    def case(scores: "Tensor", n: int, m: int, note: str = "") -> Case:
        return Case((scores, n, m), _right(scores, n, m), note)

    half, brain = torch.float16, torch.bfloat16
    return {
        "n of m in each group": [
            case(draws.scores(4, 8), 2, 4),
            case(draws.scores(5, 16), 4, 8),
            case(draws.scores(4, 12), 1, 4),
            case(draws.scores(3, 16), 3, 4),
            case(draws.scores(6, 15), 2, 5),
        ],
        "rows that are no multiple of m long": [
            case(draws.scores(4, 10), 2, 4),
            case(draws.scores(5, 7), 1, 4),
            case(draws.scores(4, 11), 3, 4, "the last group has n scores"),
            case(draws.scores(4, 9), 2, 4, "the last group has fewer than n scores"),
            case(draws.scores(3, 3), 4, 8, "less than one group"),
            case(draws.scores(5, 13), 5, 8),
            case(draws.scores(6, 7), 2, 4),
        ],
        "ties by index": [
            case(draws.tied(6, 16), 2, 4, "ties"),
            case(draws.tied(4, 64), 16, 32, "ties in long groups"),
            case(draws.tied(8, 11), 1, 4, "ties"),
            case(torch.full((4, 8), 0.5), 2, 4, "all equal"),
            case(torch.zeros(3, 6), 1, 4, "all zeros"),
        ],
        "extremes": [
            case(draws.scores(3, 8), 0, 4, "nothing kept"),
            case(draws.scores(3, 10), 4, 4, "all kept"),
            case(draws.scores(3, 5), 1, 1, "groups of one, kept"),
            case(draws.scores(3, 5), 0, 1, "groups of one, pruned"),
            case(draws.scores(1, 12), 2, 4, "one row"),
            case(draws.scores(7, 1), 1, 3, "one column"),
            case(torch.zeros(0, 8), 2, 4, "no rows"),
            case(torch.zeros(3, 0), 2, 4, "no columns"),
            case(draws.scores(2, 8) * 1e36, 2, 4, "huge scores"),
        ],
        "strides, dtypes, and scores that differ by little": [
            case(draws.scores(12, 5).t(), 2, 4, "transposed"),
            case(draws.scores(4, 20)[:, ::2], 1, 4, "every second column of a matrix"),
            case(draws.scores(4, 8).to(half), 2, 4),
            case(draws.scores(4, 9).to(brain), 2, 4),
            case(draws.nearly_tied(6, 9, torch.float32), 2, 4, "they differ in the last bit"),
            case(draws.nearly_tied(6, 8, half), 1, 4, "they differ in the last bit"),
            case(draws.nearly_tied(6, 8, brain), 1, 4, "they differ in the last bit"),
        ],
    }


TASK = Exercise(
    id="criteria.nm",
    title="N of M, by any score",
    points=4,
    minutes=15,
    difficulty=1,
    objective="Bring any criterion into the pattern that hardware knows.",
    function="nm_mask",
    cases=_cases,
    mistakes=_MISTAKES,
    forbids=("torch.nn.utils.prune", "torch.ao.pruning", "torch.sparse"),
)
