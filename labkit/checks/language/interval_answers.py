"""Right and wrong answers to the exercise `language.interval`."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from labkit.checks.engine.judge import Mistake

if TYPE_CHECKING:
    from numpy import ndarray
    from torch import Tensor

_ENDS = (0.025, 0.975)


def _blocks(losses: "Tensor", size: int) -> "list[ndarray]":
    values = losses.double().numpy()
    return [values[start : start + size] for start in range(0, len(values), size)]


def _means(losses: "Tensor", size: int, draws: "Tensor") -> "ndarray":
    """Mean over the tokens of each resample, float64 of shape (B,)."""
    import numpy as np

    blocks = _blocks(losses, size)
    sums = np.array([block.sum() for block in blocks])
    counts = np.array([len(block) for block in blocks])
    picked = draws.numpy()
    return sums[picked].sum(1) / counts[picked].sum(1)


def _quantiles(values: Any, ends: tuple = _ENDS, method: str = "linear") -> tuple[float, float]:
    import numpy as np

    low, high = np.quantile(np.asarray(values, dtype=np.float64), ends, method=method)
    return float(low), float(high)


def block_interval(losses: "Tensor", size: int, draws: "Tensor") -> tuple[float, float]:
    """The right answer."""
    return _quantiles(_means(losses, size, draws))


def _of_means(answer: Callable[["ndarray"], Any]) -> Callable[..., Any]:
    """Something else made of the right means of the resamples."""
    return lambda losses, size, draws: answer(_means(losses, size, draws))


def _of_block_values(value: Callable[["ndarray", int], float]) -> Callable[..., Any]:
    """Resamples as means over their blocks of some value of a block."""

    def answer(losses: "Tensor", size: int, draws: "Tensor") -> tuple[float, float]:
        import numpy as np

        values = np.array([value(block, size) for block in _blocks(losses, size)])
        return _quantiles(values[draws.numpy()].mean(1))

    return answer


def _tokens_drawn(losses: "Tensor", size: int, draws: "Tensor") -> tuple[float, float]:
    return _quantiles(losses.double().numpy()[draws.numpy()].mean(1))


def _moving(losses: "Tensor", size: int, draws: "Tensor") -> tuple[float, float]:
    """Blocks that begin at the drawn number itself, as long as they can be."""
    import numpy as np

    values = losses.double().numpy()
    rows = [np.concatenate([values[i : i + size] for i in row]) for row in draws.tolist()]
    return _quantiles([row.mean() for row in rows])


def _dealt(losses: "Tensor", size: int, draws: "Tensor") -> tuple[float, float]:
    """Every so many-th token in one block."""
    import numpy as np

    values, count = losses.double().numpy(), math.ceil(len(losses) / size)
    rows = [np.concatenate([values[i::count] for i in row]) for row in draws.tolist()]
    return _quantiles([row.mean() for row in rows])


def _spread(values: "ndarray", lost: int) -> tuple[float, float]:
    error = float(((values - values.mean()) ** 2).sum() / max(len(values) - lost, 1)) ** 0.5
    return float(values.mean()) - 1.96 * error, float(values.mean()) + 1.96 * error


def _of_tokens(losses: "Tensor", size: int, draws: "Tensor") -> tuple[float, float]:
    """The normal interval of independent tokens."""
    values = losses.double()
    error = float(values.std(unbiased=len(values) > 1)) / len(values) ** 0.5
    return float(values.mean()) - 1.96 * error, float(values.mean()) + 1.96 * error


_TOKENS = "a draw is the number of a block: all of its tokens come along"
_REST = "the last block holds the tokens that are left, fewer than the others perhaps"

MISTAKES = (
    Mistake("tokens drawn for blocks", _TOKENS, _tokens_drawn),
    *(
        Mistake(
            "the mean of block means",
            "a short block then counts as much as a long one: divide the sum of all tokens drawn "
            "by their number",
            answer,
        )
        for answer in (
            _of_block_values(lambda block, size: float(block.mean())),
            _of_block_values(lambda block, size: float(block.sum()) / size),
        )
    ),
    *(
        Mistake("the last block", _REST, error=error)
        for error in (
            "out of bounds",
            "out of range",
            "invalid for input of size",
            "cannot reshape array",
            "stack expects each tensor to be equal size",
            "inhomogeneous",
        )
    ),
    Mistake(
        "blocks that begin at each token",
        "block i begins at token i · size: the blocks stand one behind the other",
        _moving,
    ),
    Mistake(
        "tokens dealt out",
        "a block holds tokens that stand side by side: those that depend on each other",
        _dealt,
    ),
    Mistake(
        "a normal interval of the tokens",
        "a formula for independent tokens; tokens that stand side by side are not",
        _of_tokens,
    ),
    *(
        Mistake(
            "a normal interval of the resamples",
            "this is the mean ± 1.96 standard deviations; the percentile interval takes quantiles "
            "of the resamples' means",
            _of_means(lambda values, lost=lost: _spread(values, lost)),
        )
        for lost in (0, 1)
    ),
    *(
        Mistake(
            "the quantiles at 5 and 95 percent",
            "between them lie 90 % of the resamples; 95 % leave 2.5 % out at each end",
            _of_means(lambda values, ends=ends: _quantiles(values, ends)),
        )
        for ends in ((0.05, 0.95), (0.05, 1.0), (0.0, 0.95))
    ),
    Mistake(
        "the smallest and the largest",
        "min and max grow apart with the number of resamples; take the quantiles at 2.5 and 97.5 %",
        _of_means(lambda values: _quantiles(values, (0.0, 1.0))),
    ),
    *(
        Mistake(
            "no interpolation",
            "between two resamples the quantile is interpolated linearly, as numpy.quantile does",
            _of_means(lambda values, method=method: _quantiles(values, method=method)),
        )
        for method in ("lower", "higher", "nearest", "inverted_cdf")
    ),
    Mistake(
        "quantiles of the blocks",
        "first one mean per resample, then the quantiles of these",
        lambda losses, size, draws: _quantiles([b.mean() for b in _blocks(losses, size)]),
    ),
    Mistake(
        "quantiles of the tokens",
        "first one mean per resample, then the quantiles of these",
        lambda losses, size, draws: _quantiles(losses.double().numpy()),
    ),
    *(
        Mistake(
            "one mean for both ends",
            "the ends are quantiles of the resamples' means",
            answer,
        )
        for answer in (
            lambda losses, size, draws: (float(losses.double().mean()),) * 2,
            _of_means(lambda values: (float(values.mean()),) * 2),
        )
    ),
    Mistake(
        "perplexity for loss",
        "the interval is one of the mean loss, in nats",
        lambda *given: tuple(math.exp(end) for end in block_interval(*given)),
    ),
    Mistake(
        "a sum",
        "the loss is a mean: divide by the number of tokens in the resample",
        lambda losses, size, draws: _quantiles(
            [sum(float(_blocks(losses, size)[i].sum()) for i in row) for row in draws.tolist()]
        ),
    ),
    Mistake(
        "percent",
        "np.quantile takes fractions, 0.025 for 2.5 %; np.percentile takes percent",
        error="must be in the range [0, 1]",
    ),
    Mistake(
        "high before low",
        "the lower end comes first",
        lambda *given: block_interval(*given)[::-1],
    ),
)
