"""The exercise `challenges.wanda`: prune by the size of a weight times that of its input."""

import math
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from labkit.checks.engine.compare_masks import drop_lowest
from labkit.checks.engine.compare_values import Case
from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake

if TYPE_CHECKING:
    from torch import Tensor


Answer = Callable[["Tensor", "Tensor", "Tensor", float], "Tensor"]


def _real(inputs: "Tensor", attention_mask: "Tensor") -> "Tensor":
    """The real tokens, shape (tokens, in), float64."""
    return inputs.double()[attention_mask.bool()]


def _by_row(scores: "Tensor", sparsity: float, count: Callable[[float], int] = round) -> "Tensor":
    """Mask that is False at the lowest scores of each row, on a tie at the lower column."""
    import torch

    pruned = count(sparsity * scores.shape[1])
    rows = [drop_lowest(row, pruned) for row in scores]
    return torch.stack(rows) if rows else torch.ones(scores.shape, dtype=torch.bool)


def _scores(weight: "Tensor", inputs: "Tensor", attention_mask: "Tensor") -> "Tensor":
    return weight.double().abs() * _real(inputs, attention_mask).square().sum(dim=0).sqrt()


def _right(weight: "Tensor", inputs: "Tensor", attention_mask: "Tensor", s: float) -> "Tensor":
    return _by_row(_scores(weight, inputs, attention_mask), s)


def _with_norm(norm: Callable[["Tensor", "Tensor"], "Tensor"]) -> Answer:
    """The answer with another norm of (inputs in float64, attention mask)."""

    def answer(weight: "Tensor", inputs: "Tensor", mask: "Tensor", sparsity: float) -> "Tensor":
        return _by_row(weight.double().abs() * norm(inputs.double(), mask), sparsity)

    return answer


def _with_count(count: Callable[[float], int]) -> Answer:
    return lambda weight, inputs, mask, s: _by_row(_scores(weight, inputs, mask), s, count)


def _whole(weight: "Tensor", inputs: "Tensor", mask: "Tensor", sparsity: float) -> "Tensor":
    scores = _scores(weight, inputs, mask).flatten()
    return drop_lowest(scores, round(sparsity * scores.numel())).reshape(weight.shape)


def _columns(weight: "Tensor", inputs: "Tensor", mask: "Tensor", sparsity: float) -> "Tensor":
    return _by_row(_scores(weight, inputs, mask).t(), sparsity).t()


def _signed(weight: "Tensor", inputs: "Tensor", mask: "Tensor", sparsity: float) -> "Tensor":
    return _by_row(weight.double() * _real(inputs, mask).norm(dim=0), sparsity)


def _later(weight: "Tensor", inputs: "Tensor", mask: "Tensor", sparsity: float) -> "Tensor":
    return _by_row(_scores(weight, inputs, mask).flip(1), sparsity).flip(1)


def _topk(weight: "Tensor", inputs: "Tensor", mask: "Tensor", sparsity: float) -> "Tensor":
    import torch

    scores = _scores(weight, inputs, mask)
    kept = scores.shape[1] - round(sparsity * scores.shape[1])
    keep = torch.zeros(scores.shape, dtype=torch.bool)
    return keep.scatter(1, scores.topk(kept, dim=1).indices, True)


def _topk_lowest(weight: "Tensor", inputs: "Tensor", mask: "Tensor", sparsity: float) -> "Tensor":
    import torch

    scores = _scores(weight, inputs, mask)
    pruned = round(sparsity * scores.shape[1])
    keep = torch.ones(scores.shape, dtype=torch.bool)
    return keep.scatter(1, scores.topk(pruned, dim=1, largest=False).indices, False)


def _threshold(strict: bool) -> Answer:
    """Keep in each row what is above the largest score to prune, or at the smallest to keep."""

    def answer(weight: "Tensor", inputs: "Tensor", mask: "Tensor", sparsity: float) -> "Tensor":
        scores = _scores(weight, inputs, mask)
        ranked, pruned = scores.sort(dim=1).values, round(sparsity * scores.shape[1])
        if strict:
            return scores > (ranked[:, pruned - 1 : pruned] if pruned else -math.inf)
        kept = pruned < scores.shape[1]
        return scores >= (ranked[:, pruned : pruned + 1] if kept else math.inf)

    return answer


def _first_tokens(inputs: "Tensor", attention_mask: "Tensor") -> "Tensor":
    """As many tokens from the left as there are real ones: right only with padding on the right."""
    import torch

    return torch.cat([tokens[:n] for tokens, n in zip(inputs, attention_mask.sum(1), strict=True)])


def _unstable(weight: "Tensor", inputs: "Tensor", mask: "Tensor", sparsity: float) -> "Tensor":
    import torch

    scores = _scores(weight, inputs, mask).float()
    pruned = scores.argsort(dim=1)[:, : round(sparsity * scores.shape[1])]
    return torch.ones(scores.shape, dtype=torch.bool).scatter(1, pruned, False)


_MISTAKES = (
    Mistake(
        "padding counted",
        "the norm is that of the real tokens; where attention_mask is 0 stands padding",
        _with_norm(lambda inputs, mask: inputs.flatten(0, 1).norm(dim=0)),
    ),
    Mistake(
        "padding looked for on the right only",
        "padding may stand on either side: pick tokens by the attention mask, not by their count",
        _with_norm(lambda inputs, mask: _first_tokens(inputs, mask).norm(dim=0)),
    ),
    Mistake(
        "attention mask used as an index",
        "an integer tensor in brackets picks rows by number; turn it into bool first",
        _with_norm(lambda inputs, mask: inputs[mask].flatten(0, -2).norm(dim=0)),
        error="out of bounds for dimension 0 with size 1",
    ),
    Mistake(
        "norm over the features",
        "there is one norm for each input feature, taken over the tokens",
        _with_norm(lambda inputs, mask: inputs[mask.bool()].norm(dim=1)),
    ),
    Mistake(
        "norm of each sequence averaged",
        "the norm is taken over the tokens of all sequences together",
        _with_norm(lambda inputs, mask: (inputs * mask[..., None]).norm(dim=1).mean(dim=0)),
    ),
    Mistake(
        "squared norm",
        "the score is |w| times the norm; the root of the sum of squares is missing",
        _with_norm(lambda inputs, mask: inputs[mask.bool()].square().sum(dim=0)),
    ),
    Mistake(
        "sum of |x| for the norm",
        "the norm is the root of the sum of squares",
        _with_norm(lambda inputs, mask: inputs[mask.bool()].abs().sum(dim=0)),
    ),
    Mistake(
        "largest |x| for the norm",
        "the norm is the root of the sum of squares over all real tokens",
        _with_norm(lambda inputs, mask: inputs.abs()[mask.bool()].max(dim=0).values),
    ),
    Mistake(
        "sum of x for the norm",
        "the norm is the root of the sum of squares; values of both signs cancel in a sum",
        _with_norm(lambda inputs, mask: inputs[mask.bool()].sum(dim=0).abs()),
    ),
    Mistake(
        "plain magnitude",
        "the inputs count too: a small weight on a large input may matter more",
        lambda weight, inputs, mask, s: _by_row(weight.double().abs(), s),
    ),
    Mistake(
        "inputs without the weight",
        "the score is |w| times the norm, not the norm alone",
        lambda weight, inputs, mask, s: _by_row(
            _real(inputs, mask).norm(dim=0).expand(weight.shape), s
        ),
    ),
    Mistake(
        "compared over the whole matrix",
        "each row (one output) is pruned on its own, to the same sparsity",
        _whole,
    ),
    Mistake(
        "compared within columns",
        "the weights of one output are compared: one row, not one column",
        _columns,
    ),
    Mistake("signed compare", "the score is |w| times the norm, not w times the norm", _signed),
    Mistake(
        "kept and pruned swapped",
        "a mask is True where a weight is kept",
        lambda *arguments: ~_right(*arguments),
    ),
    Mistake(
        "sparsity read as the share kept",
        "sparsity is the fraction of zeros",
        lambda weight, inputs, mask, s: _by_row(
            _scores(weight, inputs, mask), 1.0, lambda n: int(n) - round(s * n)
        ),
    ),
    Mistake(
        "int() for round()",
        "int() cuts off: 0.29 * 100 is 28.999999999999996 and becomes 28",
        _with_count(int),
    ),
    Mistake("rounding up", "ceil() prunes one too many; use round()", _with_count(math.ceil)),
    Mistake(
        "rounding halves up",
        "Python's round() takes a half to the even neighbour, 2.5 to 2",
        _with_count(lambda x: math.floor(x + 0.5)),
    ),
    *(
        Mistake(
            "equal scores in another order",
            "of equal scores the one with the lower column is pruned first; topk and an unstable "
            "sort promise no order",
            answer,
        )
        for answer in (_later, _topk, _topk_lowest, _unstable)
    ),
    *(
        Mistake(
            "threshold with ties",
            "comparing with a threshold prunes or keeps all weights of that score, another count",
            _threshold(strict),
        )
        for strict in (True, False)
    ),
)


class _Draws:
    """Weights and inputs drawn from a seed, such that each known misconception shows on them."""

    def __init__(self, draw: Random) -> None:
        self.random = draw

    def sign(self) -> int:
        return self.random.choice((-1, 1))

    def inputs(self, batch: int, tokens: int, features: int, padding: tuple = ()) -> tuple:
        """Inputs and attention mask; `padding` gives the padded tokens of each sequence.

        Features differ in size and in how much of it stands in few tokens, which is what tells
        the norms apart.  All are whole numbers, so sums of squares are exact.  What stands at
        padding is large.
        """
        import torch

        top = [self.random.randint(2, 12) for _ in range(features)]
        often = [self.random.choice((0.2, 0.9)) for _ in range(features)]
        # Never 0: a feature of zeros only would tie all its scores.
        values = [
            self.sign() * (self.random.randint(1, high) if self.random.random() < share else 1)
            for _ in range(batch * tokens)
            for high, share in zip(top, often, strict=True)
        ]
        inputs = torch.tensor(values, dtype=torch.float32, device="cpu")
        inputs = inputs.reshape(batch, tokens, features)
        mask = torch.ones(batch, tokens, dtype=torch.int64, device="cpu")
        for row, padded in enumerate(padding):
            for token in padded:
                mask[row, token] = 0
                large = [self.sign() * self.random.randint(5, 60) for _ in range(features)]
                inputs[row, token] = torch.tensor(large, dtype=torch.float32)
        return inputs, mask

    def weight(self, rows: int, inputs: "Tensor", mask: "Tensor") -> "Tensor":
        """Weights whose scores lie apart, so that rounding does not decide; rows differ in size."""
        import torch

        norm = _real(inputs, mask).norm(dim=0)
        result = []
        while len(result) < rows:
            high = 200 + 400 * len(result)
            row = torch.tensor(
                [self.sign() * self.random.randint(1, high) / 64 for _ in norm], dtype=torch.float64
            )
            scores = (row.abs() * norm).sort().values
            if bool((scores[1:] > scores[:-1] * 1.001).all()):
                result.append(row)
        return torch.stack(result).float()

    def tied(self, rows: int, features: int) -> tuple:
        """Weights of three sizes, inputs whose features have the same norm or are all zero."""
        import torch

        column = [self.random.randint(1, 6) for _ in range(6)]
        columns = []
        for feature in range(features):
            self.random.shuffle(column)
            zero = feature % 4 == 3
            columns.append([0 if zero else self.sign() * value for value in column])
        inputs = torch.tensor(columns, dtype=torch.float32).t().reshape(2, 3, features)
        sizes = [self.sign() * self.random.randint(1, 3) / 8 for _ in range(rows * features)]
        weight = torch.tensor(sizes, dtype=torch.float32).reshape(rows, features)
        return weight, inputs, torch.ones(2, 3, dtype=torch.int64)

    def counted(self, features: int) -> tuple:
        """Distinct |w| and one token of ones of either sign: many features, scores far apart."""
        import torch

        rows = [self.random.sample(range(1, features + 1), features) for _ in range(2)]
        weight = torch.tensor(rows, dtype=torch.float32) / 8
        signs = [float(self.sign()) for _ in range(features)]
        inputs = torch.tensor(signs, dtype=torch.float32).reshape(1, 1, features)
        return weight, inputs, torch.ones(1, 1, dtype=torch.int64)


def _cases(draw: Random) -> Groups:
    """Inputs of `wanda_mask(weight, inputs, attention_mask, sparsity)`."""
    import torch

    draws = _Draws(draw)

    def case(weight: "Tensor", inputs: "Tensor", mask: "Tensor", s: float, note: str = "") -> Case:
        real = int(mask.sum())
        shown = (
            f"weight of shape {tuple(weight.shape)}, inputs of shape {tuple(inputs.shape)}, "
            f"attention_mask with {real} one{'s' * (real != 1)}, {s:g}"
        )
        return Case((weight, inputs, mask, s), _right(weight, inputs, mask, s), note, shown=shown)

    def drawn(
        rows: int,
        batch: int,
        tokens: int,
        features: int,
        s: float,
        padding: tuple = (),
        note: str = "",
    ) -> Case:
        inputs, mask = draws.inputs(batch, tokens, features, padding)
        return case(draws.weight(rows, inputs, mask), inputs, mask, s, note)

    def strided() -> Case:
        inputs, mask = draws.inputs(3, 4, 8, ((3,), (), (0, 1)))
        weight = draws.weight(6, inputs, mask).t().contiguous().t()
        inputs = inputs.transpose(0, 1).contiguous().transpose(0, 1)
        return case(weight, inputs, mask.t().contiguous().t(), 0.5, "not contiguous")

    def nothing_real() -> Case:
        inputs, _ = draws.inputs(2, 3, 8)
        weight, _, _ = draws.counted(8)
        none = torch.zeros(2, 3, dtype=torch.int64)
        return case(weight, inputs, none, 0.5, "no real token: all scores are 0")

    ones = torch.ones(2, 3, dtype=torch.int64)
    return {
        "scores are |w| times the norm": [
            drawn(4, 2, 4, 8, 0.5, note="no padding"),
            drawn(6, 3, 4, 12, 0.25, note="no padding"),
            drawn(5, 2, 5, 10, 0.7, note="no padding"),
        ],
        "padding does not count": [
            drawn(4, 2, 6, 8, 0.5, ((4, 5), (3, 4, 5)), "padding on the right"),
            drawn(6, 2, 5, 8, 0.25, ((0, 1), ()), "padding on the left"),
            drawn(4, 3, 4, 8, 0.75, ((0, 1, 2, 3), (3,), ()), "a sequence of padding only"),
        ],
        "exact count in each row": [
            case(*draws.counted(100), 0.29),
            case(*draws.counted(5), 0.5),
            case(*draws.counted(7), 0.5),
            case(*draws.counted(11), 0.6),
            case(*draws.counted(9), 0.0, "nothing pruned"),
            case(*draws.counted(9), 1.0, "all pruned"),
        ],
        "ties by index": [
            case(*draws.tied(4, 12), 0.5, "ties"),
            case(*draws.tied(6, 16), 0.25, "ties"),
            # Sorts that are not stable often are on short rows.
            case(*draws.tied(3, 64), 0.5, "ties in long rows"),
            case(torch.full((2, 6), 0.5), torch.ones(2, 3, 6), ones, 0.5, "all equal"),
            case(torch.zeros(3, 8), torch.ones(2, 3, 8), ones, 0.25, "all weights zero"),
        ],
        "shapes and strides": [
            strided(),
            drawn(1, 2, 6, 8, 0.5, ((5,), (4, 5)), "one output"),
            drawn(4, 1, 5, 8, 0.25, ((4,),), "one sequence"),
            drawn(3, 2, 3, 1, 1.0, note="one feature"),
            nothing_real(),
            case(torch.zeros(0, 8), torch.ones(2, 3, 8), ones, 0.5, "no outputs"),
        ],
    }


TASK = Exercise(
    id="challenges.wanda",
    lab="challenges",
    title="Weights and their inputs",
    points=6,
    minutes=25,
    difficulty=2,
    objective="Prune by the score of Wanda, with padding left out of the norms.",
    section="book/05-challenges.md#challenges.wanda",
    function="wanda_mask",
    cases=_cases,
    mistakes=_MISTAKES,
    forbids=("torch.nn.utils.prune",),
)
