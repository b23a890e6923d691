"""GELU on the results of the sparse kernel, sixteen at once; only `panel_loops` imports this.

erf and tanh are quotients of two polynomials, z P(z²) / Q(z²): no exponential, one division.  The
coefficients are fitted for the least relative error on the range: least squares over Chebyshev
points, weighted anew by the last denominator (Sanathanan and Koerner 1963) and by the last error
(Lawson 1961), in float64, then rounded.  Beyond the ends of their range the results are
x and 0.  They are within 2.2e-7 |x| of GELU; torch's own are within 3.6e-7 |x|, with tanh 1.2e-7.
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
    (0.000229050203, 0.00340827311, 0.0509556393, 0.185207907, 1.12837914),
    (
        -1.1791624e-07,
        2.35479595e-05,
        0.00101795813,
        0.0140704342,
        0.110984879,
        0.497468883,
        1.0,
    ),
)
TANH = Quotient(
    7.9,
    (1.54279952e-08, 2.20232612e-05, 0.00357899301, 0.134506214, 0.999999994),
    (8.59878921e-07, 0.000342365216, 0.0261922417, 0.467839494, 1.0),
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
