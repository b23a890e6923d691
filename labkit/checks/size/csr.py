"""The exercise `size.csr`: compressed sparse rows, by hand.

Its text promises matrices of any size and strides: columns beyond what a byte or an int16 holds,
more kept weights than float16 counts, empty rows, three dtypes, values of all sizes, zeros of
either sign.
"""

import itertools
from collections import Counter
from random import Random
from typing import TYPE_CHECKING

from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake
from labkit.checks.engine.value_cases import Case
from labkit.checks.size.bits import exact, rounded, smallest, without_tiny

if TYPE_CHECKING:
    from torch import Tensor


def _entries(weight: "Tensor") -> "list[tuple[int, int, float]]":
    """Row, column and value of each weight that is not zero, row by row."""
    rows, columns = weight.nonzero(as_tuple=True)
    values = weight[rows, columns].double()
    return list(zip(rows.tolist(), columns.tolist(), values.tolist(), strict=True))


def _answer(weight: "Tensor", entries: "list[tuple[int, int, float]]", starts: list[int]) -> tuple:
    import torch

    return (
        torch.tensor([w for _, _, w in entries], dtype=weight.dtype),
        torch.tensor([j for _, j, _ in entries], dtype=torch.int32),
        torch.tensor(starts, dtype=torch.int64),
    )


def _starts(weight: "Tensor", entries: "list[tuple[int, int, float]]") -> list[int]:
    counts = [0] * (len(weight) + 1)
    for row, _, _ in entries:
        counts[row + 1] += 1
    return list(itertools.accumulate(counts))


def _csr(weight: "Tensor") -> tuple:
    entries = _entries(weight)
    return _answer(weight, entries, _starts(weight, entries))


def _columns_first(weight: "Tensor") -> tuple:
    return _csr(weight.t())


def _values_by_column(weight: "Tensor") -> tuple:
    """Row starts that are right, values and columns column by column."""
    entries = _entries(weight)
    return _answer(weight, sorted(entries, key=lambda e: (e[1], e[0])), _starts(weight, entries))


def _counts(weight: "Tensor", first: list[int]) -> tuple:
    entries = _entries(weight)
    counts = Counter(row for row, _, _ in entries)
    return _answer(weight, entries, first + [counts[i] for i in range(len(weight))])


def _flat_columns(weight: "Tensor") -> tuple:
    """Positions among all weights for those within the row."""
    values, columns, starts = _csr(weight)
    rows = [row for row, _, _ in _entries(weight)]
    return values, columns + columns.new_tensor(rows) * weight.shape[1], starts


def _starts_of_columns(weight: "Tensor") -> tuple:
    entries = _entries(weight)
    return _answer(weight, entries, _starts(weight.t(), _entries(weight.t())))


def _coordinates(weight: "Tensor") -> tuple:
    entries = _entries(weight)
    return _answer(weight, entries, [row for row, _, _ in entries])


def _cut(weight: "Tensor", part: slice) -> tuple:
    values, columns, starts = _csr(weight)
    return values, columns, starts[part]


def _absolute(weight: "Tensor") -> tuple:
    values, columns, starts = _csr(weight)
    return values.abs(), columns, starts


_MISTAKES = (
    *(
        Mistake(
            "column by column",
            "this is the order of CSC; CSR goes through the matrix row by row",
            answer,
        )
        for answer in (_columns_first, _values_by_column)
    ),
    *(
        Mistake(
            "counts for starts",
            "row_starts is the running sum of the counts: row i begins where row i - 1 ends",
            answer,
        )
        for answer in (lambda weight: _counts(weight, []), lambda weight: _counts(weight, [0]))
    ),
    Mistake(
        "a row for each value",
        "these are coordinates (COO); CSR stores one start for each row, and the end of the last",
        _coordinates,
    ),
    Mistake(
        "starts of columns",
        "these count the values in each column; CSR has a start for each row: kept.sum(1)",
        _starts_of_columns,
    ),
    Mistake(
        "flat index for the column",
        "a column is counted from the start of its row: from 0 to the number of columns less 1",
        _flat_columns,
    ),
    Mistake(
        "no leading 0",
        "the first row begins at 0, so row_starts has one entry more than there are rows",
        lambda weight: _cut(weight, slice(1, None)),
    ),
    Mistake(
        "no last entry",
        "the last entry of row_starts is the number of values: it says where the last row ends",
        lambda weight: _cut(weight, slice(None, -1)),
    ),
    Mistake(
        "absolute values",
        "the sign of a weight has to be stored too",
        _absolute,
    ),
    *(
        Mistake(
            "tiny weights taken for zero",
            "a weight is kept however small it is: compare with 0, exactly",
            answer,
        )
        for answer in (
            lambda weight: _csr(without_tiny(weight, 1e-8)),
            lambda weight: _csr(without_tiny(weight, 1e-12)),
            lambda weight: _csr(without_tiny(weight, squared=True)),
        )
    ),
    *(
        Mistake(
            "digits lost",
            "the values are stored with the dtype and all digits of the weight",
            lambda weight, through=through: (
                rounded(_csr(weight)[0], through),
                *_csr(weight)[1:],
            ),
        )
        for through in ("float16", "bfloat16")
    ),
    *(
        Mistake(
            "counted in a byte",
            "a uint8 ends at 255 and begins again at 0: rows are longer, and more values are kept",
            answer,
        )
        for answer in (
            lambda weight: (*_csr(weight)[:2], _csr(weight)[2].byte().long()),
            lambda weight: (
                _csr(weight)[0],
                _csr(weight)[1].byte().int(),
                _csr(weight)[2],
            ),
        )
    ),
    Mistake(
        "positive weights only",
        "a negative weight is not zero: compare with !=",
        lambda weight: _csr(weight.clamp(min=0)),
    ),
)


def _cases(draw: Random) -> Groups:
    """Inputs of `to_csr(weight)`."""
    import torch

    def drawn(rows: int, columns: int) -> "Tensor":
        """About half zeros; the first two rows hold what tells the orders apart."""
        values = [draw.choice((0.0, 0.0, exact(draw))) for _ in range(rows * columns)]
        weight = torch.tensor(values, dtype=torch.float32).reshape(rows, columns)
        weight[0, :3] = torch.tensor([0.0, draw.uniform(1, 9), -draw.uniform(1, 9)])
        weight[1, :3] = torch.tensor([-draw.uniform(10, 19), 0.0, draw.uniform(10, 19)])
        weight[1, 3] = draw.uniform(20, 29)
        return weight

    def one(weight: "Tensor", note: str = "") -> Case:
        shown = str(weight.tolist()) if 0 < weight.numel() <= 6 else ""
        return Case((weight,), _csr(weight), note, rtol=0, atol=0, shown=shown)

    gaps = drawn(6, 5)
    gaps[2:4] = 0
    gaps[:, 4] = 0
    ends = torch.zeros(5, 6)
    ends[1:3] = drawn(2, 6)
    signed = drawn(3, 5)
    signed[signed == 0] = -0.0
    wide = torch.zeros(2, 70_001)
    for column in (0, 255, 256, 257, 2049, 32_768, 65_537, 70_000):
        wide[column % 2, column] = exact(draw)
    # A kept weight in each row but the last and the 3rd: 256 and more, 2049 and more in all.
    tall = torch.zeros(304, 9)
    for row in range(303):
        tall[row, : 2 + row % 7] = torch.tensor([exact(draw) for _ in range(2 + row % 7)])
    tall[2] = 0
    full = torch.tensor([exact(draw) for _ in range(3 * 301)]).reshape(3, 301)
    # In its first row more than an int16 counts, by one more than float16 has a number for.
    most = torch.zeros(3, 33_002)
    most[0] = torch.arange(33_002)
    most[2, -2:] = torch.tensor([exact(draw), exact(draw)])
    # Drawn as well: answers for known inputs must not be enough.
    size = draw.uniform(0.01, 8)
    return {
        "values, columns and starts": [one(drawn(3, 4)), one(drawn(4, 7)), one(drawn(6, 4))],
        "empty rows": [
            one(gaps, "two empty rows and an empty column"),
            one(ends, "first and last rows empty"),
        ],
        "long rows and many of them": [
            one(wide, "columns up to 70000"),
            one(tall, "304 rows, the last one empty"),
            one(full, "301 kept weights in each row"),
            one(most, "33001 kept weights in one row"),
        ],
        "extremes": [
            one(torch.zeros(0, 3), "no rows"),
            one(torch.zeros(3, 0), "no columns"),
            one(torch.zeros(2, 3), "all zero"),
            one(torch.tensor([[-size]])),
            one(torch.tensor([[0.0, -size, size]]), "one row"),
            one(torch.tensor([[size], [0.0], [-size]]), "one column"),
            one(torch.full((3, 4), -size), "no zero, all equal"),
        ],
        "negative zeros": [
            one(signed, "-0.0 among the weights"),
            one(torch.tensor([[-0.0, -0.0, 1.0], [2.0, 0.0, -3.0]]), "-0.0 among the weights"),
        ],
        "strides and dtypes": [
            one(drawn(5, 6).t(), "transposed"),
            one(drawn(4, 10)[:, ::2], "every second column of a matrix"),
            one(drawn(4, 6).half()),
            one(drawn(5, 4).bfloat16()),
            *(
                one(smallest(kind).reshape(2, 6), "smallest and largest")
                for kind in (torch.float32, torch.float16, torch.bfloat16)
            ),
            one(torch.zeros(2, 3).bfloat16(), "all zero, bfloat16"),
        ],
    }


TASK = Exercise(
    id="size.csr",
    title="Compressed sparse rows",
    function="to_csr",
    objective="Store a sparse matrix as values, column indices and row starts.",
    cases=_cases,
    mistakes=_MISTAKES,
    forbids=("scipy.sparse", "to_sparse()", "to_sparse_csr()", "to_sparse_csc()"),
    points=6,
    minutes=20,
    difficulty=2,
)
