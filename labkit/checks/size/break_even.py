"""The exercise `size.break_even`: the sparsity from which on CSR is smaller than dense."""

import random
from collections.abc import Callable
from fractions import Fraction

from labkit.checks.exercise import Exercise, Verdict
from labkit.checks.judging import Case, Mistake, judge
from labkit.checks.trial import Trial

_ID = "size.break_even"
_SECTION = f"book/04-size-and-runtime.md#{_ID}"

# Bytes of a value, a column index and a row start.
_FORMATS = ((4, 4, 4), (4, 2, 4), (2, 4, 4), (2, 2, 8), (1, 4, 8), (2, 8, 8), (8, 4, 8))


def _crossing(dense: Fraction, fixed: Fraction, each: Fraction, clamp: bool = True) -> float:
    """The sparsity at which `fixed` bytes and those of the kept weights, `each` if all are, meet.

    Exact up to the last step.
    """
    crossing = 1 - (dense - fixed) / each
    return float(max(Fraction(0), min(Fraction(1), crossing)) if clamp else crossing)


def _sizes(
    rows: int, columns: int, value: float, column: float, start: float
) -> tuple[Fraction, Fraction, Fraction]:
    """Bytes of the dense matrix, of the row starts, and of CSR's values and columns if all kept."""
    weights = rows * columns
    return (
        weights * Fraction(value),
        (rows + 1) * Fraction(start),
        weights * (Fraction(value) + Fraction(column)),
    )


def _break_even(rows: int, columns: int, value: float, column: float, start: float) -> float:
    if not rows * columns:
        return 1.0
    return _crossing(*_sizes(rows, columns, value, column, start))


def _by(crossing: Callable[..., float]) -> Callable[..., float]:
    """The answer of a misconception that is right about empty matrices."""
    return lambda rows, columns, *sizes: crossing(rows, columns, *sizes) if rows * columns else 1.0


def _values_left_out(rows: int, columns: int, value: float, column: float, start: float) -> float:
    dense, fixed, _ = _sizes(rows, columns, value, column, start)
    each = rows * columns * Fraction(column)
    return _crossing(dense, fixed, each) if each else 0.0


_DENSITY = "sparsity is the fraction of zeros: 1 minus the share of weights that are kept"
_ZERO = "CSR stores a column index beside each kept weight, and the starts of the rows"

_MISTAKES = (
    Mistake(
        "row starts forgotten",
        "CSR stores where each row starts and where the last one ends, whatever the sparsity",
        _by(lambda rows, columns, value, column, start: column / (value + column)),
    ),
    Mistake(
        "one row start too few",
        "there are rows + 1 starts: the last one says where the last row ends",
        _by(
            lambda rows, columns, value, column, start: min(
                1, (columns * column + start) / (columns * (value + column))
            )
        ),
    ),
    Mistake(
        "a start for each column",
        "CSR goes row by row: it has rows + 1 starts",
        _by(lambda rows, columns, *sizes: _break_even(columns, rows, *sizes)),
    ),
    Mistake("only the values counted", _ZERO, _by(lambda *arguments: 0.0)),
    Mistake("only the values counted", _ZERO, lambda *arguments: 0.0),
    Mistake(
        "column indices forgotten",
        "each kept weight brings its column index along",
        _by(lambda rows, columns, value, _, start: _break_even(rows, columns, value, 0, start)),
    ),
    Mistake("density", _DENSITY, _by(lambda *arguments: 1 - _break_even(*arguments))),
    Mistake("density", _DENSITY, lambda *arguments: 1 - _break_even(*arguments)),
    Mistake(
        "bits for bytes",
        "all sizes are in bytes; count the value bytes as the other two",
        _by(
            lambda rows, columns, value, column, start: _break_even(
                rows, columns, 8 * value, column, start
            )
        ),
    ),
    Mistake(
        "values left out of CSR",
        "a kept weight costs its value and its column index",
        _by(_values_left_out),
    ),
    Mistake(
        "not clamped",
        "a sparsity lies between 0 and 1; where CSR is never smaller the answer is 1",
        _by(lambda *arguments: _crossing(*_sizes(*arguments), clamp=False)),
    ),
    Mistake(
        "an empty matrix",
        "without weights CSR is never smaller: the answer is 1.0 before any division",
        error="division by zero",
    ),
)


def _check(trial: Trial, seed: int) -> tuple[Verdict, ...]:
    """Verdicts on `csr_break_even(rows, columns, value_bytes, column_bytes, start_bytes)`."""
    draw = random.Random(f"{_ID} {seed}")

    def one(rows: int, columns: int, sizes: tuple, note: str = "") -> Case:
        arguments = (rows, columns, *sizes)
        return Case(arguments, _break_even(*arguments), note, rtol=1e-9, atol=1e-9)

    def formats(count: int) -> list[tuple]:
        """Formats in any order, of which the first has columns that take more than the values."""
        return [(2, 4, 4), *draw.sample(_FORMATS, count - 1)]

    # Wide enough for a start of 8 bytes beside values of 1 byte to leave something to gain.
    groups = {
        "small matrices": [
            one(draw.randint(4, 9), draw.randint(20, 60), sizes) for sizes in formats(4)
        ],
        "tall and wide matrices": [
            one(draw.randint(100, 300), draw.randint(12, 18), (2, 4, 4), "tall"),
            one(draw.randint(100, 300), draw.randint(12, 18), (4, 2, 4), "tall"),
            one(1, draw.randint(200, 900), (2, 4, 4), "one row"),
            one(draw.randint(2, 4), draw.randint(2000, 9000), (2, 4, 8), "wide"),
        ],
        "layers of real models": [
            one(768, 768 * draw.randint(1, 4), (4, 4, 4)),
            one(3072, 768, (2, 4, 4)),
            one(1024, 64 * draw.randint(5, 40), (1, 2, 4)),
            one(4096, 4096, (0.5, 2, 4), "4-bit values"),
        ],
        "never and always": [
            one(draw.randint(20, 90), 1, (2, 4, 4), "one column"),
            one(draw.randint(5, 9), 2, (1, 2, 8), "short rows"),
            one(1, 1, (4, 4, 4), "one weight"),
            one(1, 1, (8, 2, 2), "one weight"),
            one(0, draw.randint(1, 9), (4, 4, 4), "no rows"),
            one(draw.randint(1, 9), 0, (4, 4, 4), "no columns"),
            one(0, 0, (2, 4, 4), "no rows and no columns"),
            one(draw.randint(2, 9), draw.randint(2, 9), (2, 4, 0), "starts that cost nothing"),
            one(draw.randint(2, 9), draw.randint(2, 9), (4, 0, 0), "indices that cost nothing"),
        ],
    }
    return judge(trial, groups, _MISTAKES, _SECTION)


TASK = Exercise(
    id=_ID,
    lab="size",
    title="Where CSR breaks even",
    objective="Find the sparsity above which CSR takes fewer bytes than the dense matrix.",
    section=_SECTION,
    function="csr_break_even",
    check=_check,
    forbids=("labkit",),
    points=4,
    minutes=20,
    difficulty=2,
)
