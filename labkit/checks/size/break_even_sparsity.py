"""The exercise `size.break_even_sparsity`: from which sparsity on CSR is smaller than dense.

Its text promises any shape, without weights or of billions, any number of bytes from 1 on, a
result right to nine digits.
"""

from random import Random
from typing import Any

from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake
from labkit.checks.engine.value_cases import Case


def _break_even(
    rows: int,
    columns: int,
    value_bytes: int,
    column_bytes: int,
    start_bytes: int,
    starts: int | None = None,
    clamp: bool = True,
) -> float:
    """Find what CSR may keep in the room of the dense tensor; the last two make mistakes."""
    count = rows + 1 if starts is None else starts
    weights = rows * columns
    room = weights * value_bytes - count * start_bytes
    sparsity = 1 - room / (value_bytes + column_bytes) / weights if weights else 1.0
    return min(max(sparsity, 0.0), 1.0) if clamp else sparsity


def _density(*arguments: int) -> float:
    return 1 - _break_even(*arguments)


def _density_or_1(*arguments: int) -> float:
    sparsity = _break_even(*arguments)
    return 1 - sparsity if sparsity < 1 else 1.0


def _whole(rows: int, columns: int, value_bytes: int, column_bytes: int, start_bytes: int) -> float:
    """The sparsity with a whole number of kept weights."""
    weights = rows * columns
    room = max(weights * value_bytes - (rows + 1) * start_bytes, 0)
    return 1 - room // (value_bytes + column_bytes) / weights if weights else 1.0


def _percent(*arguments: int) -> float:
    return 100 * _break_even(*arguments)


def _starts(count: Any) -> Any:
    return lambda rows, columns, *sizes: _break_even(
        rows, columns, *sizes, starts=count(rows, columns)
    )


_MISTAKES = (
    Mistake(
        "row starts forgotten",
        "CSR stores rows + 1 starts, whatever is kept",
        _starts(lambda rows, columns: 0),
    ),
    Mistake(
        "one start too few",
        "there is one start more than there are rows: the end of the last row",
        _starts(lambda rows, columns: rows),
    ),
    Mistake(
        "starts of columns",
        "CSR has a start for each row; one for each column is CSC",
        _starts(lambda rows, columns: columns + 1),
    ),
    *(
        Mistake(
            "a row for each value",
            "this is COO; CSR stores a column with each kept value, and the starts say the rows",
            lambda rows, columns, value_bytes, column_bytes, start_bytes, starts=starts: (
                _break_even(rows, columns, value_bytes, 2 * column_bytes, start_bytes, starts)
            ),
        )
        for starts in (0, None)
    ),
    *(
        Mistake(
            "density for sparsity",
            "this is the share that may be kept; the sparsity is the share of zeros",
            answer,
        )
        for answer in (_density, _density_or_1)
    ),
    Mistake(
        "whole weights",
        "the number of weights that there is room for need not be whole: divide with /",
        _whole,
    ),
    Mistake(
        "columns forgotten",
        "each kept weight takes the bytes of its value and those of its column",
        lambda rows, columns, value_bytes, column_bytes, start_bytes: _break_even(
            rows, columns, value_bytes, 0, start_bytes
        ),
    ),
    Mistake(
        "percent",
        "a sparsity runs from 0 to 1",
        _percent,
    ),
    Mistake(
        "not clamped",
        "a sparsity below 0 or above 1 does not exist: the docstring says what to return",
        lambda *arguments: _break_even(*arguments, clamp=False),
    ),
    Mistake(
        "0/0",
        "a matrix without weights has no smaller form: the docstring says what to return",
        error="ZeroDivisionError",
    ),
)


def _cases(draw: Random) -> Groups:
    """Inputs of `csr_break_even(rows, columns, value_bytes, column_bytes, start_bytes)`."""
    number = draw.randint

    def one(*arguments: int, note: str = "") -> Case:
        return Case(arguments, _break_even(*arguments), note, rtol=1e-9, atol=1e-12)

    return {
        "32-bit values and columns": [
            one(number(30, 50), number(60, 90), 4, 4, 8),
            one(number(60, 90), number(30, 50), 4, 4, 4),
            one(768, 3072, 4, 4, 8),
        ],
        "other types": [
            one(number(30, 60), number(70, 200), 4, 2, 4),
            one(number(70, 200), number(30, 60), 2, 4, 8),
            one(number(10, 20), number(21, 90), 4, 8, 8, note="torch's own index type"),
            one(number(30, 60), number(70, 200), 8, 2, 4),
            one(number(40, 60), number(300, 400), 1, 1, 1, note="bytes"),
            one(number(40, 60), number(300, 400), 4, 3, 2, note="columns of 24 bits"),
            one(number(40, 60), number(300, 400), 16, 16, 8, note="complex numbers"),
            one(number(40, 60), number(300, 400), 2, 4, 16, note="starts of 16 bytes"),
        ],
        "large matrices": [
            one(number(300, 900), number(20, 99), 4, 4, 8, note="more rows than columns"),
            one(50_257, 768, 4, 4, 8),
            one(10**5, 10**5 + number(1, 99), 4, 4, 8, note="ten billion weights"),
            one(3 * 10**9 + number(1, 99), 7, 2, 1, 4, note="billions of rows"),
            one(7, 3 * 10**9 + number(1, 99), 2, 4, 8, note="billions of columns"),
        ],
        "from 0 to 1": [
            one(number(30, 99), 1, 4, 4, 8, note="one column"),
            one(1, 1, 2, 4, 8, note="one weight"),
            one(number(3, 9), 2, 2, 2, 8, note="CSR is never smaller"),
            one(1, number(50, 99), 4, 4, 8, note="one row"),
            one(1, 16, 1, 4, 8, note="the starts are as large as the dense matrix"),
            one(1, 17, 1, 4, 8, note="one byte more than the starts"),
        ],
        "no weights": [
            one(0, number(1, 9999), 4, 4, 8, note="no rows"),
            one(number(1, 9999), 0, 4, 4, 8, note="no columns"),
            one(0, 0, 4, 4, 8, note="neither"),
        ],
    }


TASK = Exercise(
    id="size.break_even_sparsity",
    title="When CSR is smaller",
    function="csr_break_even",
    objective="Work out from which sparsity on CSR takes fewer bytes than the dense tensor.",
    cases=_cases,
    mistakes=_MISTAKES,
    forbids=("scipy.sparse",),
    points=4,
    minutes=15,
    difficulty=2,
)
