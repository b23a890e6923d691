"""The exercise `size.csr`: a matrix as its values, their columns and the starts of the rows."""

import random
from typing import TYPE_CHECKING

from labkit.checks.exercise import Exercise, Verdict
from labkit.checks.judging import Case, Mistake, judge
from labkit.checks.trial import Trial

if TYPE_CHECKING:
    from torch import Tensor

_ID = "size.csr"
_SECTION = f"book/04-size-and-runtime.md#{_ID}"

Csr = tuple["Tensor", "Tensor", "Tensor"]


def _csr(weight: "Tensor", positive: bool = False) -> Csr:
    """The three tensors, entry by entry; of the `positive` entries only where that is asked."""
    import torch

    values, columns, starts = [], [], [0]
    for row in weight.tolist():
        for column, value in enumerate(row):
            if value > 0 or (value < 0 and not positive):
                values.append(value)
                columns.append(column)
        starts.append(len(values))
    return (
        torch.tensor(values, dtype=weight.dtype),
        torch.tensor(columns, dtype=torch.int32),
        torch.tensor(starts, dtype=torch.int64),
    )


def _other_starts(weight: "Tensor", kind: str) -> Csr:
    import torch

    values, columns, starts = _csr(weight)
    counts = starts.diff()
    others = {
        "counts": counts,
        "0 and counts": torch.cat([starts[:1], counts]),
        "rows": torch.arange(len(counts)).repeat_interleave(counts),
        "ends": starts[1:],
        "no end": starts[:-1],
        "int32": starts.int(),
    }
    return values, columns, others[kind]


def _other_columns(weight: "Tensor", kind: str) -> Csr:
    import torch

    values, columns, starts = _csr(weight)
    if kind == "int64":
        return values, columns.long(), starts
    rows = torch.arange(len(weight)).repeat_interleave(starts.diff())
    flat = columns + rows * weight.shape[1]
    return values, flat.int() if kind == "flat" else flat, starts


def _absolute(weight: "Tensor") -> Csr:
    values, columns, starts = _csr(weight)
    return values.abs(), columns, starts


_MISTAKES = (
    Mistake(
        "column order (CSC)",
        "CSR goes through the matrix row by row; column by column it is CSC",
        lambda weight: _csr(weight.T),
    ),
    *(
        Mistake(
            "counts instead of running starts",
            "entry r says where row r starts: the counts of the rows before it, added up",
            lambda weight, kind=kind: _other_starts(weight, kind),
        )
        for kind in ("counts", "0 and counts")
    ),
    Mistake(
        "COO row numbers",
        "a row number for each value is COO; CSR stores one start for each row",
        lambda weight: _other_starts(weight, "rows"),
    ),
    Mistake(
        "starts without the leading 0",
        "the first row starts at 0: there are rows + 1 entries",
        lambda weight: _other_starts(weight, "ends"),
    ),
    Mistake(
        "starts without the end",
        "the last entry is the number of values, where the last row ends",
        lambda weight: _other_starts(weight, "no end"),
    ),
    Mistake("absolute values", "the values keep their signs", _absolute),
    Mistake(
        "positive weights only",
        "a negative weight is not zero: compare with !=",
        lambda weight: _csr(weight, positive=True),
    ),
    *(
        Mistake(
            "positions in the flat matrix",
            "a column counts from the start of its row, from 0 to the number of columns - 1",
            lambda weight, kind=kind: _other_columns(weight, kind),
        )
        for kind in ("flat", "flat int64")
    ),
    Mistake(
        "columns of 8 bytes",
        "the columns are int32: int64 doubles what each of them costs",
        lambda weight: _other_columns(weight, "int64"),
    ),
    Mistake(
        "starts of 4 bytes",
        "the row starts are int64: a large model may have more values than int32 can count",
        lambda weight: _other_starts(weight, "int32"),
    ),
)


def _check(trial: Trial, seed: int) -> tuple[Verdict, ...]:
    """Verdicts on `to_csr(weight)`."""
    import torch

    draw = random.Random(f"{_ID} {seed}")

    def value() -> float:
        """A weight of either sign, exact in each of the float types."""
        return draw.choice([-1, 1]) * draw.randint(1, 15) / 8

    def matrix(rows: int, columns: int, kept: float = 0.5) -> torch.Tensor:
        """About a share `kept` of weights, of both signs and in more than one row."""
        count = rows * columns
        flat = [value() if draw.random() < kept else 0.0 for _ in range(count)]
        weight = torch.tensor(flat, dtype=torch.float32).reshape(rows, columns)
        if rows > 1 and columns > 1:
            weight[0, 1], weight[-1, 0], weight[-1, -1] = value(), -abs(value()), abs(value())
        return weight

    def one(weight: torch.Tensor, note: str = "") -> Case:
        return Case((weight,), _csr(weight), note, rtol=0, atol=0)

    gap = matrix(5, 4)
    gap[draw.randint(1, 3)] = 0
    signed = matrix(4, 6)
    signed[1, 1:3] = -0.0
    tiny = matrix(3, 5)
    tiny[1, 2], tiny[1, 3] = 1e-9, -1e-30
    edges = matrix(6, 3)
    edges[0] = edges[-1] = 0
    edges[2, 1], edges[3, 2], edges[3, 0] = 0.5, -0.25, 1.5
    groups = {
        "values, columns and row starts": [
            one(matrix(3, 5)),
            one(gap, "a row without values"),
            one(matrix(9, 6, 0.2)),
        ],
        "exactly the zeros are left out": [
            one(signed, "some entries are -0.0"),
            one(tiny, "some weights are tiny"),
            one(matrix(4, 3, 1.0), "no zeros"),
        ],
        "extremes": [
            one(matrix(2, 3), "a small matrix"),
            one(torch.zeros(3, 2), "all zeros"),
            one(edges, "the first and the last row without values"),
            one(torch.tensor([[-0.5]]), "one weight"),
            one(matrix(1, 6), "one row"),
            one(matrix(6, 1), "one column"),
            one(torch.zeros(0, 3), "no rows"),
            one(torch.zeros(3, 0), "no columns"),
        ],
        "types and strides": [
            one(matrix(4, 5).half(), "float16"),
            one(matrix(5, 4).bfloat16(), "bfloat16"),
            one(matrix(5, 3).T, "a transposed tensor"),
            one(matrix(4, 10)[:, ::2], "every other column of a tensor"),
        ],
    }
    return judge(trial, groups, _MISTAKES, _SECTION)


TASK = Exercise(
    id=_ID,
    lab="size",
    title="A matrix in CSR",
    objective="Store a matrix as its values, their columns and the starts of the rows.",
    section=_SECTION,
    function="to_csr",
    check=_check,
    forbids=("scipy.sparse", "labkit"),
    points=6,
    minutes=25,
    difficulty=2,
)
