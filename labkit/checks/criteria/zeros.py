"""Zeros that have to be exact, and what rounding leaves in their place.

The exercises `criteria.obs` and `criteria.sparsegpt` take from a weight what makes it zero; in
floating point that is often a last digit off.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from labkit.checks.engine.judge import Mistake
from labkit.checks.engine.trial import Failure

if TYPE_CHECKING:
    from torch import Tensor

_REST = "which is what rounding leaves of a removed weight"
SMALL = 1e-4
"""What is smaller beside the largest weight is taken for the rest of one that was removed."""

LEFT = Mistake(
    "a remainder for the zero",
    "rounding leaves a remainder where a weight is taken from itself: write the zero",
    error=_REST,
)


def written(zero: "Tensor", size: float) -> Callable[[Any, tuple], Any]:
    """What looks at a result of which the entries `zero` have to be exactly 0, or its first part.

    `size` is that of the largest weight.
    """
    import torch

    def look(result: Any, arguments: tuple) -> Any:
        first = result[0] if issubclass(type(result), tuple | list) and result else result
        if type(first) is not torch.Tensor or first.shape != zero.shape:
            return result
        left = first.detach() * zero
        rest = ((left != 0) & (left.abs() < SMALL * size)).nonzero().tolist()
        if rest:
            at = tuple(rest[0])
            raise Failure(f"it returned {left[at].item():g} at {list(at)} for 0, {_REST}")
        return result

    return look
