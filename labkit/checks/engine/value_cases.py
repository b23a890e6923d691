"""Cases of functions that return data: numbers, tensors, arrays, lists, dicts, models."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from types import GeneratorType
from typing import TYPE_CHECKING, Any

from labkit.checks.engine.copies import copied
from labkit.checks.engine.difference import difference, show
from labkit.checks.engine.trial import Failure

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Case:
    """One call: positional `arguments`, what is `expected`, a word on what is special about them.

    Numbers agree within the relative tolerance `rtol` or the absolute `atol`; whole numbers,
    booleans and text have to be equal.  Where entries are sums whose terms may cancel, `atol` is a
    tensor: for each entry as much as the rounding of its terms may leave.  `shown` describes the
    arguments where they are too long to print, for example "a 3 x 4 weight, 0.5".

    Where `look` is given, results are compared by what `look(result, arguments)` says of them, and
    `expected` is what it says of the right one.  It sees the arguments as the call left them, and
    may raise `Failure` where the result cannot be described.  `remedy` says what to do instead of
    changing an argument.
    """

    arguments: tuple
    expected: Any
    note: str = ""
    rtol: float = 1e-5
    atol: "float | Tensor" = 1e-7
    shown: str = ""
    look: Callable[[Any, tuple], Any] | None = None
    remedy: str = "work on a copy"

    def describe(self, function: str) -> str:
        """The call in the words of the student."""
        shown = self.shown or ", ".join(show(value) for value in self.arguments)
        return f"{function}({shown})" + (f" [{self.note}]" if self.note else "")

    def given(self) -> tuple:
        """A copy of the arguments: the case keeps its own."""
        return copied(self.arguments)

    def changed(self, after: tuple) -> str:
        """As `AnyCase.changed`."""
        text = difference(list(after), list(self.arguments), 0, 0, kept=True)
        if "was left " in text:  # a model in another mode
            return f"the model {text.partition(' in value ')[0]}: put it back"
        return text and f"the function changed its input in place: {self.remedy}"

    def read(self, value: Any, after: tuple) -> tuple[Any, str]:
        """A copy of the value, or of its description; its form is a part of the comparison."""
        if self.look:
            value = self.look(value, after)
        try:
            # A copy: a function may hand out the same tensor at each call and change it.
            # A generator has none; its type is enough to say what is wrong.
            return value if type(value) is GeneratorType else copy.deepcopy(value), ""
        except BaseException as error:  # copying runs code of the value's class
            kind = type(value).__name__  # nothing else of such a value may be touched
            text = f"looking at a value of type {kind} raised {type(error).__name__}"
            raise Failure(text) from None

    def problem(self, value: Any) -> str:
        """As `AnyCase.problem`."""
        text = difference(value, self.expected, self.rtol, self.atol)
        return f"it {text}" if text else ""

    def same(self, value: Any, answer: Callable[..., Any]) -> bool:
        """As `AnyCase.same`."""
        given = copied(self.arguments)
        other = answer(*given)
        if self.look:
            other = self.look(other, given)
        return not difference(value, other, self.rtol, self.atol)
