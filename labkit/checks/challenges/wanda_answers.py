"""Right and wrong answers to the exercise `challenges.wanda`."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from labkit.checks.engine.judge import Mistake
from labkit.checks.engine.mask_cases import drop_lowest, rounding

if TYPE_CHECKING:
    import torch
    from torch import Tensor


Answer = Callable[["Tensor", "Tensor", "Tensor", float], "Tensor"]


def real(inputs: "Tensor", attention_mask: "Tensor") -> "Tensor":
    """The real tokens, shape (tokens, in), float64."""
    return inputs.double()[attention_mask.bool()]


def _by_row(scores: "Tensor", sparsity: float, count: Callable[[float], int] = round) -> "Tensor":
    """Mask that is False at the lowest scores of each row, on a tie at the lower column."""
    import torch

    pruned = count(sparsity * scores.shape[1])
    rows = [drop_lowest(row, pruned) for row in scores]
    return torch.stack(rows) if rows else torch.ones(scores.shape, dtype=torch.bool)


def _scores(weight: "Tensor", inputs: "Tensor", attention_mask: "Tensor") -> "Tensor":
    return weight.double().abs() * real(inputs, attention_mask).square().sum(dim=0).sqrt()


def right(weight: "Tensor", inputs: "Tensor", attention_mask: "Tensor", s: float) -> "Tensor":
    """The answer: a mask of the shape of `weight`, True where it is kept."""
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
    return _by_row(weight.double() * real(inputs, mask).norm(dim=0), sparsity)


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


def _dtype(name: str) -> "torch.dtype":
    import torch

    return getattr(torch, name)


def _unstable(weight: "Tensor", inputs: "Tensor", mask: "Tensor", sparsity: float) -> "Tensor":
    import torch

    scores = _scores(weight, inputs, mask).float()
    pruned = scores.argsort(dim=1)[:, : round(sparsity * scores.shape[1])]
    return torch.ones(scores.shape, dtype=torch.bool).scatter(1, pruned, False)


MISTAKES = (
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
            real(inputs, mask).norm(dim=0).expand(weight.shape), s
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
        lambda *arguments: ~right(*arguments),
    ),
    Mistake(
        "sparsity read as the share kept",
        "sparsity is the fraction of zeros",
        lambda weight, inputs, mask, s: _by_row(
            _scores(weight, inputs, mask), 1.0, lambda n: int(n) - round(s * n)
        ),
    ),
    *rounding(_with_count),
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
            "ranked by fewer digits",
            "in half precision different scores become equal: rank them in float32",
            lambda weight, inputs, mask, s, through=through: _by_row(
                _scores(weight, inputs, mask).to(_dtype(through)), s
            ),
        )
        for through in ("float16", "bfloat16")
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
