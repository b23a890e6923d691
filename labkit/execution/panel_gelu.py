"""GELU on the results of the sparse kernel, sixteen at once; only `panel_loops` imports this.

erf and tanh are quotients of two polynomials, z P(z²) / Q(z²): no exponential, one division.  The
coefficients are those of XLA's erf and of Eigen's tanh (`generic_fast_tanh_float`).  Beyond the
ends of their range the results are x and 0.  They are within 2.2e-7 |x| of GELU, torch's own within
3.6e-7 |x|.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from labkit.execution.panel_vectors import FLOAT, LONG, constants

WIDTH = 16
"""Results that are computed at once: a count is rounded up to a multiple of it."""


class Quotient(NamedTuple):
    """An odd function f(z) = z P(z²) / Q(z²) on |z| ≤ end; coefficients from the highest power."""

    end: float
    above: tuple[float, ...]
    below: tuple[float, ...]


ERF = Quotient(
    3.832506856900711,  # from where on erf is 1 in float32
    (
        0.00022905065861350646,
        0.0034082910107109506,
        0.050955695062380861,
        0.18520832239976145,
        1.128379143519084,
    ),
    (
        -1.1791602954361697e-7,
        0.000023547966471313185,
        0.0010179625278914885,
        0.014070470171167667,
        0.11098505178285362,
        0.49746925110067538,
        1.0,
    ),
)
TANH = Quotient(
    7.9,
    (
        -2.76076847742355e-16,
        2.00018790482477e-13,
        -8.60467152213735e-11,
        5.12229709037114e-08,
        1.48572235717979e-05,
        6.37261928875436e-04,
        4.89352455891786e-03,
    ),
    (1.19825839466702e-06, 1.18534705686654e-04, 2.26843463243900e-03, 4.89352518554385e-03),
)


class _Vectors:
    """Arithmetic on vectors of WIDTH float32, with constants from Python's floats."""

    def __init__(self, builder: Any) -> None:
        self.builder = builder

    def number(self, value: float) -> Any:
        return constants(FLOAT, value, WIDTH)

    def times(self, a: Any, b: Any) -> Any:
        return self.builder.fmul(a, b, flags=["contract"])

    def plus(self, a: Any, b: Any) -> Any:
        return self.builder.fadd(a, b, flags=["contract"])

    def polynomial(self, x: Any, coefficients: tuple[float, ...]) -> Any:
        value = self.number(coefficients[0])
        for coefficient in coefficients[1:]:
            value = self.plus(self.times(value, x), self.number(coefficient))
        return value

    def share(self, z: Any, function: Quotient) -> Any:
        """(1 + f(z)) / 2, and 0 or 1 beyond the ends; what is no number stays none."""
        end = self.number(function.end)
        beyond = self.builder.fcmp_ordered(">", z, end)
        before = self.builder.fcmp_ordered("<", z, self.number(-function.end))
        inside = self.builder.select(beyond, end, z)
        inside = self.builder.select(before, self.number(-function.end), inside)
        square = self.times(inside, inside)
        above = self.times(inside, self.polynomial(square, function.above))
        value = self.builder.fdiv(above, self.polynomial(square, function.below))
        half = self.number(0.5)
        value = self.plus(self.times(value, half), half)
        value = self.builder.select(beyond, self.number(1.0), value)
        return self.builder.select(before, self.number(0.0), value)


def _gelu(v: _Vectors, x: Any) -> Any:
    """x Φ(x), Φ by erf."""
    return v.times(x, v.share(v.times(x, v.number(0.5**0.5)), ERF))


def _gelu_tanh(v: _Vectors, x: Any) -> Any:
    """0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³)))."""
    inner = v.plus(v.times(v.times(x, x), v.number(0.044715)), v.number(1.0))
    inner = v.times(v.times(x, v.number(0.7978845608028654)), inner)
    return v.times(x, v.share(inner, TANH))


def _in_place(formula: Any) -> Any:
    """An intrinsic that applies a formula to `count` float32 from an address on, rounded up."""
    vector = ir.VectorType(FLOAT, WIDTH)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        start, count = args
        start = builder.inttoptr(start, vector.as_pointer())
        vectors = builder.sdiv(builder.add(count, LONG(WIDTH - 1)), LONG(WIDTH))
        with cgutils.for_range(builder, vectors) as loop:
            place = builder.gep(start, [loop.index])
            x = builder.load(place, align=4)
            builder.store(formula(_Vectors(builder), x), place, align=4)
        return context.get_dummy_value()

    @intrinsic
    def apply(context: Any, start: Any, count: Any) -> Any:
        return types.void(types.int64, types.int64), generate

    return apply


gelu, gelu_tanh = map(_in_place, (_gelu, _gelu_tanh))
