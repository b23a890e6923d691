"""The exercise `challenges.two_four`: two zeros in each four consecutive weights of a row.

Its text promises matrices of any strides and three dtypes, with weights of any size, subnormal or
too large to be squared, that are equal or differ in their last bit.
"""

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake
from labkit.checks.engine.mask_cases import drop_lowest
from labkit.checks.engine.value_cases import Case

if TYPE_CHECKING:
    import torch
    from torch import Tensor


def _grouped(sizes: "Tensor") -> "Tensor":
    """Mask of a matrix of groups (n, 4): False at the two lowest of each, on a tie the earlier."""
    import torch

    keep = torch.ones(sizes.shape, dtype=torch.bool)
    lowest = sizes.argsort(dim=1, stable=True)[:, :2]
    return keep.scatter(1, lowest, False)


def _right(weight: "Tensor") -> "Tensor":
    return _grouped(weight.double().abs().reshape(-1, 4)).reshape(weight.shape)


def _columns(weight: "Tensor") -> "Tensor":
    across = weight.double().abs().t()
    return _grouped(across.reshape(-1, 4)).reshape(across.shape).t()


def _apart(weight: "Tensor") -> "Tensor":
    rows, columns = weight.shape
    sizes = weight.double().abs().reshape(rows, 4, columns // 4).transpose(1, 2)
    keep = _grouped(sizes.reshape(-1, 4)).reshape(sizes.shape)
    return keep.transpose(1, 2).reshape(weight.shape)


def _half(weight: "Tensor") -> "Tensor":
    sizes = weight.double().abs().flatten()
    return drop_lowest(sizes, sizes.numel() // 2).reshape(weight.shape)


def _half_of_rows(weight: "Tensor") -> "Tensor":
    import torch

    rows = [drop_lowest(row, row.numel() // 2) for row in weight.double().abs()]
    return torch.stack(rows)


def _signed(weight: "Tensor") -> "Tensor":
    return _grouped(weight.double().reshape(-1, 4)).reshape(weight.shape)


def _later_first(weight: "Tensor") -> "Tensor":
    groups = weight.double().abs().reshape(-1, 4).flip(1)
    return _grouped(groups).flip(1).reshape(weight.shape)


def _topk(weight: "Tensor") -> "Tensor":
    import torch

    groups = weight.double().abs().reshape(-1, 4)
    keep = torch.zeros(groups.shape, dtype=torch.bool)
    return keep.scatter(1, groups.topk(2, dim=1).indices, True).reshape(weight.shape)


def _topk_lowest(weight: "Tensor") -> "Tensor":
    import torch

    groups = weight.double().abs().reshape(-1, 4)
    keep = torch.ones(groups.shape, dtype=torch.bool)
    lowest = groups.topk(2, dim=1, largest=False).indices
    return keep.scatter(1, lowest, False).reshape(weight.shape)


def _threshold(rank: int, strict: bool) -> Callable[["Tensor"], "Tensor"]:
    """Keep what is above (or at) the value of `rank` (1 = lowest) in its group."""

    def answer(weight: "Tensor") -> "Tensor":
        groups = weight.double().abs().reshape(-1, 4)
        limit = groups.sort(dim=1).values[:, rank - 1 : rank]
        return (groups > limit if strict else groups >= limit).reshape(weight.shape)

    return answer


_MISTAKES = (
    Mistake(
        "groups along columns",
        "the four weights of a group stand side by side in one row",
        _columns,
    ),
    Mistake(
        "members of a group apart",
        "a group is four consecutive weights; check what reshape() puts beside each other",
        _apart,
    ),
    Mistake(
        "half of the tensor",
        "each group of four gets two zeros of its own; half of all weights is another pattern",
        _half,
    ),
    Mistake(
        "half of each row",
        "each group of four gets two zeros of its own; half of a row is another pattern",
        _half_of_rows,
    ),
    Mistake(
        "signed compare",
        "it ranks w instead of |w|, so large negative weights go first",
        _signed,
    ),
    Mistake(
        "kept and pruned swapped",
        "a mask is True where a weight is kept",
        lambda weight: ~_right(weight),
    ),
    Mistake(
        "threshold keeps ties",
        "comparing with >= keeps each weight as large as the second largest, perhaps three or four",
        _threshold(3, strict=False),
    ),
    Mistake(
        "threshold prunes ties",
        "comparing with > prunes each weight as small as the second smallest, perhaps three or "
        "four",
        _threshold(2, strict=True),
    ),
    *(
        Mistake(
            "equal weights in another order",
            "of equal |w| the one with the lower column is pruned first; topk and an unstable sort "
            "promise no order",
            answer,
        )
        for answer in (_later_first, _topk, _topk_lowest)
    ),
    *(
        Mistake(
            "ranked by fewer digits",
            "in half precision, or squared, different weights become equal: rank |w| as it is",
            answer,
        )
        for answer in (
            lambda weight: _right(weight.half()),
            lambda weight: _right(weight.bfloat16()),
            lambda weight: _right(weight.float()),
            lambda weight: _right(weight * weight),
            lambda weight: _right(weight.float() ** 2),
        )
    ),
    Mistake(
        "one of four kept",
        "two of each four weights stay",
        _threshold(3, strict=True),
    ),
)


class _Draws:
    """Matrices drawn from a seed, such that each known misconception shows on them."""

    def __init__(self, draw: Random) -> None:
        self.random = draw

    def distinct(self, rows: int, columns: int) -> "Tensor":
        """Distinct |w| (exact in bfloat16 up to 256 of them) with either sign in each group.

        Each row is larger than the one above, and in a row each group than the one before it.
        """
        import torch

        result = []
        for start in range(1, rows * columns + 1, 4):
            sizes = list(range(start, start + 4))
            # The largest is negative and the smallest positive: ranking by w is always wrong.
            signs = [1, *self.random.choices((-1, 1), k=2), -1]
            group = [size * sign / 8 for size, sign in zip(sizes, signs, strict=True)]
            self.random.shuffle(group)
            result += group
        return torch.tensor(result, dtype=torch.float32, device="cpu").reshape(rows, columns)

    def mixed(self, rows: int, columns: int) -> "Tensor":
        """As `distinct`, with the values shuffled over the whole matrix."""
        import torch

        values = self.distinct(rows, columns).flatten().tolist()
        self.random.shuffle(values)
        return torch.tensor(values, dtype=torch.float32).reshape(rows, columns)

    def tied(self, rows: int, columns: int) -> "Tensor":
        """Groups in which a tie decides: (small, tied, tied, large) in any order and sign."""
        import torch

        result = []
        for _ in range(rows * columns // 4):
            low, middle, high = sorted(self.random.sample(range(1, 9), 3))
            group = [low, middle, middle, high]
            self.random.shuffle(group)
            result += [self.random.choice((-1, 1)) * size / 8 for size in group]
        return torch.tensor(result, dtype=torch.float32, device="cpu").reshape(rows, columns)

    def nearly_tied(self, kind: "torch.dtype") -> "Tensor":
        """Groups of weights that differ in the last bit of `kind`, from tiny to huge ones.

        Ranked by fewer bits, or by squares, they tie, and another pair is pruned.
        """
        import torch

        info, result = torch.finfo(kind), []
        sizes = [info.smallest_normal * info.eps * 9, info.smallest_normal, 1.0, info.max / 2]
        sizes += [info.tiny**0.5 / 64, info.max**0.5 * 64, 3.0, 100.0]
        for size in sizes:
            size *= self.random.uniform(1, 1.9)
            first = torch.tensor(size, dtype=torch.float64).to(kind)
            up = torch.nextafter(first, torch.tensor(info.max, dtype=kind))
            for low, high in ((first, up), (-first, up), (first, -up), (-first, -up)):
                # The first two are the larger ones: on a tie they would go.
                result += [high, high, low, low]
        return torch.stack(result).reshape(8, 16)

    def zeros(self, rows: int, columns: int) -> "Tensor":
        """Groups of three zeros of either sign and one weight."""
        import torch

        result = []
        for _ in range(rows * columns // 4):
            group = [0.0, -0.0, 0.0, self.random.choice((-1, 1)) * self.random.randint(1, 9) / 8]
            self.random.shuffle(group)
            result += group
        return torch.tensor(result, dtype=torch.float32, device="cpu").reshape(rows, columns)


def _cases(draw: Random) -> Groups:
    """Inputs of `two_four_mask(weight)`."""
    import torch

    draws = _Draws(draw)

    def case(weight: "Tensor", note: str = "") -> Case:
        return Case((weight,), _right(weight), note)

    return {
        "two of four in each group": [
            case(draws.mixed(4, 8)),
            case(draws.mixed(8, 12)),
            case(draws.distinct(4, 8), "the first groups hold the small weights"),
            case(draws.distinct(4, 4), "rows of one group"),
        ],
        "any number of rows": [
            case(draws.mixed(3, 24)),
            case(draws.mixed(1, 32), "one row"),
            case(draws.distinct(5, 4)),
            case(torch.zeros(0, 8), "no rows"),
            case(torch.zeros(3, 0), "no columns"),
        ],
        "ties by index": [
            case(draws.tied(4, 8), "ties"),
            case(draws.tied(3, 16), "ties"),
            case(torch.full((4, 8), 0.5), "all equal"),
            case(draws.zeros(4, 8), "three zeros in each group"),
            case(torch.zeros(4, 4), "all zeros"),
        ],
        "strides and dtypes": [
            case(draws.mixed(16, 4).t(), "transposed"),
            case(draws.mixed(8, 8).t(), "transposed"),
            case(draws.mixed(4, 16)[:, ::2], "every second column of a matrix"),
            case(draws.mixed(4, 8).to(torch.float16)),
            case(draws.mixed(4, 8).to(torch.bfloat16)),
            # Their squares are zero in float16.
            case((draws.mixed(4, 8) * 2.0**-13).to(torch.float16), "tiny values"),
        ],
        "weights that differ by little": [
            case(draws.nearly_tied(torch.float32), "they differ in the last bit"),
            case(draws.nearly_tied(torch.bfloat16), "they differ in the last bit"),
            case(draws.nearly_tied(torch.float16), "they differ in the last bit"),
            case(draws.nearly_tied(torch.float32)[:, 4:12], "they differ in the last bit"),
        ],
    }


TASK = Exercise(
    id="challenges.two_four",
    title="Two of four",
    points=5,
    minutes=15,
    difficulty=1,
    objective="Write the mask of the sparsity pattern that GPUs have hardware for.",
    function="two_four_mask",
    cases=_cases,
    mistakes=_MISTAKES,
    forbids=("torch.nn.utils.prune", "torch.ao.pruning", "torch.sparse"),
)
