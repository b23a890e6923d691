"""The exercise `size.csr_linear`: a linear layer whose weight is stored as CSR.

Its text promises x of any leading dimensions and strides, both index types, weights from 1 x 1 to
more rows and columns than a byte counts, empty rows and last columns, numbers that use all digits
of a float32; a result as precise as float32 is.
"""

import dataclasses
import math
from random import Random
from typing import TYPE_CHECKING

from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake
from labkit.checks.engine.value_cases import Case
from labkit.checks.size.bits import exact

if TYPE_CHECKING:
    from torch import Tensor

RTOL = 5e-6  # of the sum of the sizes of what is added


def _dense(values: "Tensor", columns: "Tensor", counts: list[int], wide: int) -> "Tensor":
    """The dense float64 weight whose row i takes the next `counts[i]` of the values."""
    import torch

    weight = torch.zeros(len(counts), wide, dtype=torch.float64)
    at = 0
    for row, count in enumerate(counts):
        for _ in range(count):
            weight[row, int(columns[at])] += float(values[at])
            at += 1
    return weight


def _counts(row_starts: "Tensor") -> list[int]:
    return row_starts.diff().tolist()


def _product(x: "Tensor", weight: "Tensor", bias: "Tensor | None") -> "Tensor":
    result = x.double() @ weight.T
    return (result if bias is None else result + bias.double()).float()


def _linear(
    x: "Tensor",
    values: "Tensor",
    columns: "Tensor",
    row_starts: "Tensor",
    bias: "Tensor | None",
) -> "Tensor":
    return _product(x, _dense(values, columns, _counts(row_starts), x.shape[-1]), bias)


def _left_by_rounding(arguments: tuple) -> "Tensor":
    """How far float32 may be off: the terms of a sum may cancel, so it goes by their sizes."""
    x, values, columns, row_starts, bias = arguments
    sizes = None if bias is None else bias.abs()
    return RTOL * _linear(x.abs(), values.abs(), columns, row_starts, sizes)


def _transposed(x, values, columns, row_starts, bias):  # noqa: ANN001, ANN202
    weight = _dense(values, columns, _counts(row_starts), x.shape[-1])
    return _product(x, weight.T, bias)


def _no_bias(x, values, columns, row_starts, bias):  # noqa: ANN001, ANN202
    return _linear(x, values, columns, row_starts, None)


def _bias_per_token(x, values, columns, row_starts, bias):  # noqa: ANN001, ANN202
    flat = _linear(x.flatten(0, -2), values, columns, row_starts, None)
    # Added to the product before it is transposed back: one number for each token.
    result = flat if bias is None else (flat.T + bias).T
    return result.reshape(*x.shape[:-1], -1)


def _flat(x, values, columns, row_starts, bias):  # noqa: ANN001, ANN202
    return _linear(x.reshape(-1, x.shape[-1]), values, columns, row_starts, bias)


def _starts_as_counts(x, values, columns, row_starts, bias):  # noqa: ANN001, ANN202
    import torch

    # Row i is given row_starts[i + 1] values, as far as there are any.
    counts, left = [], len(values)
    for count in row_starts[1:].tolist():
        counts.append(min(count, left))
        left -= counts[-1]
    return _product(x, _dense(values, torch.as_tensor(columns), counts, x.shape[-1]), bias)


def _not_transposed_back(x, values, columns, row_starts, bias):  # noqa: ANN001, ANN202
    product = _linear(x.reshape(-1, x.shape[-1]), values, columns, row_starts, None)
    result = product.T.reshape(*x.shape[:-1], -1)
    return result if bias is None else result + bias


def _reshaped_with_bias(x, values, columns, row_starts, bias):  # noqa: ANN001, ANN202
    """The bias added in the right place, the transpose forgotten all the same."""
    product = _linear(x.reshape(-1, x.shape[-1]), values, columns, row_starts, bias)
    return product.T.reshape(*x.shape[:-1], -1)


def _last_of_each_row(x, values, columns, row_starts, bias):  # noqa: ANN001, ANN202
    """What y[:, rows] += products leaves: where an index comes twice, the last one counts."""
    at = [end - 1 for end in row_starts[1:].tolist()]
    counts = _counts(row_starts)
    kept = [place for place, count in zip(at, counts, strict=True) if count]
    ones = [min(count, 1) for count in counts]
    weight = _dense(values[kept], columns[kept], ones, x.shape[-1])
    return _product(x, weight, bias)


def _bias_for_each_value(x, values, columns, row_starts, bias):  # noqa: ANN001, ANN202
    times = row_starts.diff()
    return _linear(x, values, columns, row_starts, None if bias is None else bias * times)


def _no_bias_in_empty_rows(x, values, columns, row_starts, bias):  # noqa: ANN001, ANN202
    full = row_starts.diff() > 0
    return _linear(x, values, columns, row_starts, None if bias is None else bias * full)


def _empty_rows_skipped(x, values, columns, row_starts, bias):  # noqa: ANN001, ANN202
    counts = _counts(row_starts)
    full = [count for count in counts if count]
    counts = full + [0] * (len(counts) - len(full))
    return _product(x, _dense(values, columns, counts, x.shape[-1]), bias)


_MISTAKES = (
    Mistake(
        "weight transposed",
        "row i of the weight holds what output i takes from the inputs: y = x W^T, not x W",
        _transposed,
    ),
    Mistake(
        "bias forgotten",
        "add the bias where there is one",
        _no_bias,
    ),
    Mistake(
        "bias per token",
        "the bias has one number for each output, the same for all tokens",
        _bias_per_token,
    ),
    Mistake(
        "bias for each value",
        "the bias comes once to each output, however many values its row has",
        _bias_for_each_value,
    ),
    *(
        Mistake(
            "not transposed back",
            "the product with the weight on the left has a line for each output: transpose it "
            "before it takes the shape of the answer",
            answer,
        )
        for answer in (_not_transposed_back, _reshaped_with_bias)
    ),
    Mistake(
        "one value of each row",
        "y[:, rows] += products adds once where a row comes several times; index_add_ adds all",
        _last_of_each_row,
    ),
    Mistake(
        "leading dimensions lost",
        "the result has the shape of x but for its last dimension, also where x is one token",
        _flat,
    ),
    Mistake(
        "running starts taken as counts",
        "row i holds the values from row_starts[i] up to row_starts[i + 1]; the numbers are "
        "positions in `values`, not how many there are",
        _starts_as_counts,
    ),
    *(
        Mistake(
            "empty rows skipped",
            "a row without values is an output as well: 0 plus its bias",
            answer,
        )
        for answer in (_empty_rows_skipped, _no_bias_in_empty_rows)
    ),
)


def _cases(draws: Random) -> Groups:
    """Inputs of `csr_linear(x, values, columns, row_starts, bias)`."""
    import torch

    def tensor(*shape: int) -> "Tensor":
        """Numbers other than 0 that use all digits of a float32."""
        values = [exact(draws) for _ in range(math.prod(shape))]
        return torch.tensor(values, dtype=torch.float32).reshape(shape)

    def case(
        x: "Tensor",
        counts: list[int],
        bias: bool = True,
        note: str = "",
        index: torch.dtype = torch.int64,
        empty: int = 0,
    ) -> Case:
        """A weight with `counts[i]` values in row i, in random columns but the last `empty`."""
        wide = x.shape[-1]
        columns = [c for count in counts for c in sorted(draws.sample(range(wide - empty), count))]
        starts = torch.tensor([0, *counts], dtype=index).cumsum(0, dtype=index)
        arguments = (
            x,
            tensor(len(columns)),
            torch.tensor(columns, dtype=index),
            starts,
            tensor(len(counts)) if bias else None,
        )
        said = starts.tolist() if len(starts) < 12 else f"of {len(starts)} entries"
        shown = (
            f"x of shape {tuple(x.shape)}, a weight of shape {(len(counts), wide)} with "
            f"row_starts {said}, bias {'given' if bias else 'None'}"
        )
        return Case(arguments, _linear(*arguments), note, RTOL, _left_by_rounding(arguments), shown)

    balanced = case(tensor(4, 5), [2, 1, 3, 2], note="a bias of sum 0")
    balanced.arguments[-1].copy_(torch.tensor([1.5, -0.75, -1.0, 0.25]))
    balanced = dataclasses.replace(
        balanced,
        expected=_linear(*balanced.arguments),
        atol=_left_by_rounding(balanced.arguments),
    )
    return {
        "x W^T + bias": [
            case(tensor(4, 6), [2, 1, 3, 2, 1, 2], note="a square weight"),
            case(tensor(5, 5), [2, 4, 1, 2, 3], note="as many tokens as inputs and outputs"),
            case(tensor(6, 8), [3, 2, 4, 1, 2], index=torch.int32, note="int32 indices"),
            case(tensor(5, 7), [3, 2, 1, 2], note="two empty columns at the end", empty=2),
            case(tensor(4, 6), [2], note="one output"),
            balanced,
        ],
        "no bias": [
            case(tensor(3, 6), [1, 4, 2, 3], bias=False),
            case(tensor(4, 4), [3, 1, 2, 2], bias=False),
            case(tensor(3, 6), [2, 1, 3], bias=False, note="an empty column at the end", empty=1),
        ],
        "leading dimensions": [
            case(tensor(2, 3, 7), [2, 3, 1, 4]),
            case(tensor(6), [2, 1, 3], note="one token, no leading dimension"),
            case(tensor(2, 1, 3, 5), [1, 3, 2, 2, 1, 4], bias=False),
            case(tensor(0, 5), [2, 1, 3], note="no tokens"),
            case(tensor(2, 0, 5), [2, 1, 3], note="no tokens"),
            case(tensor(7, 3, 2).permute(2, 1, 0), [2, 3, 1, 4], note="x is transposed"),
            case(tensor(3, 14)[:, ::2], [2, 3, 1, 4], note="every second column of x"),
            case(tensor(1, 5).expand(3, 5), [2, 3, 1, 4], note="one token, expanded"),
            case(tensor(2, 3, 5), [2], note="one output"),
            case(tensor(5), [2], note="one token, one output"),
            case(tensor(3, 1), [1, 0, 1], note="one input"),
        ],
        "empty rows": [
            case(tensor(4, 6), [0, 2, 0, 0, 3, 1, 0]),
            case(tensor(3, 5), [2, 0, 1], bias=False),
            case(tensor(3, 5), [0, 0, 0], note="a weight of zeros"),
            case(tensor(3, 5), [1, 2, 0, 0], note="the last rows are empty"),
        ],
        "more rows and columns than a byte counts": [
            case(tensor(2, 300), [297, 0, 301 - 2, 300]),
            case(tensor(3, 9), [row % 4 for row in range(302)]),
            case(tensor(3, 9), [row % 4 for row in range(302)], index=torch.int32, bias=False),
        ],
    }


TASK = Exercise(
    id="size.csr_linear",
    title="A linear layer in CSR",
    points=7,
    minutes=25,
    difficulty=3,
    objective="Compute a linear layer from the kept weights alone, for inputs of any shape.",
    function="csr_linear",
    cases=_cases,
    mistakes=_MISTAKES,
)
