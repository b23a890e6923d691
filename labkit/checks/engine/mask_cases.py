"""Cases of functions that return keep-masks by magnitude, and the right ones of them.

Everything here works on several named tensors at once; one tensor is the case of one name.  The
answers are computed in float64, which holds each float32, float16 and bfloat16 value exactly.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from labkit.checks.engine.difference import show_type
from labkit.checks.engine.judge import Mistake
from labkit.checks.engine.trial import Failure, one_line

if TYPE_CHECKING:
    from torch import Tensor

Masks = dict[str, "Tensor"]


def scores(weights: Masks, signed: bool = False) -> "Tensor":
    """All |w| (or w) in order of name and flat index: shape (total,), float64."""
    import torch

    parts = [weight.reshape(-1).double() for weight in weights.values()]
    flat = torch.cat(parts) if parts else torch.zeros(0, dtype=torch.float64)
    return flat if signed else flat.abs()


def drop_lowest(values: "Tensor", count: int) -> "Tensor":
    """Bool mask of shape (n,), False at the `count` lowest values; on a tie the lower index."""
    import torch

    keep = torch.ones(values.numel(), dtype=torch.bool)
    keep[values.argsort(stable=True)[:count]] = False
    return keep


def split(keep: "Tensor", weights: Masks) -> Masks:
    """Cut a flat mask back into the shapes of `weights`."""
    parts = keep.split([weight.numel() for weight in weights.values()]) if weights else ()
    pairs = zip(weights.items(), parts, strict=True)
    return {name: part.reshape(weight.shape) for (name, weight), part in pairs}


def right(weights: Masks, sparsity: float) -> Masks:
    """The answer: exactly round(sparsity * total) zeros, lowest |w| first, ties by order."""
    values = scores(weights)
    return split(drop_lowest(values, round(sparsity * values.numel())), weights)


def rounding(answer: Callable[[Callable[[float], int]], Callable[..., Any]]) -> tuple[Mistake, ...]:
    """Other ways to a whole number of zeros; `answer` makes an answer that counts by a function."""
    return (
        Mistake(
            "int() for round()",
            "int() cuts off: 0.29 * 100 is 28.999999999999996 and becomes 28",
            answer(int),
        ),
        Mistake("rounding up", "ceil() prunes one too many; use round()", answer(math.ceil)),
        Mistake(
            "rounding halves up",
            "Python's round() takes a half to the even neighbour, 2.5 to 2",
            answer(lambda x: math.floor(x + 0.5)),
        ),
    )


@dataclass
class Case:
    """One call: `weights` by name, a `sparsity`, and a word on what is special about them.

    `alone` says that the function takes the only tensor itself and no dictionary; `count_only`
    that just the number of zeros is judged.  `pristine` holds contiguous copies made before the
    student's function could change anything.
    """

    weights: Masks
    sparsity: float
    note: str = ""
    alone: bool = False
    count_only: bool = False
    pristine: Masks = field(init=False)

    def __post_init__(self) -> None:
        self.pristine = {name: weight.clone() for name, weight in self.weights.items()}

    def describe(self, function: str) -> str:
        """The call in the words of the student."""
        shown = [(name, _show(weight)) for name, weight in self.pristine.items()]
        pairs = ", ".join(f"{name}: {text}" for name, text in shown)
        what = shown[0][1] if self.alone else "{" + pairs + "}"
        return f"{function}({what}, {self.sparsity:g})" + (f" [{self.note}]" if self.note else "")

    def given(self) -> tuple:
        """The weights as they are, strides included, and the sparsity."""
        return (self.weights[""] if self.alone else self.weights), self.sparsity

    def changed(self, after: tuple) -> str:
        """As `AnyCase.changed`."""
        import torch

        weights = {"": after[0]} if self.alone else after[0] if isinstance(after[0], dict) else {}
        kept = list(weights) == list(self.pristine) and all(
            isinstance(now := weights[name], torch.Tensor)
            and (now.shape, now.dtype, now.device) == (before.shape, before.dtype, before.device)
            and torch.equal(now, before)
            for name, before in self.pristine.items()
        )
        what = "its weight" if self.alone else "its weights"
        return "" if kept else f"the function changed {what} in place: work on a copy"

    def read(self, value: Any, after: tuple) -> tuple[Masks, str]:
        """The masks, and what is off about their form."""
        value = {"": value} if self.alone else value
        if not issubclass(type(value), dict):
            raise Failure(f"returned {show_type(value)}, expected a dict of masks by name")
        flaws: list[str] = []
        if list(value) != list(self.pristine):
            names = one_line(list(value), 80)
            if set(value) != set(self.pristine):
                raise Failure(f"returned the names {names}")
            flaws.append(f"returned the names in another order: {names}")
        masks: Masks = {}
        for name, weight in self.pristine.items():
            masks[name], flaw = _read(value[name], weight, f" for {name}" if name else "")
            flaws += [flaw] if flaw else []
        return masks, flaws[0] if flaws else ""

    def problem(self, value: Masks) -> str:
        """As `AnyCase.problem`."""
        expected = right(self.pristine, self.sparsity)
        zeros, wanted = _zeros(value), _zeros(expected)
        if zeros != wanted:
            total = sum(weight.numel() for weight in self.pristine.values())
            found = f"{zeros} {'zero' if zeros == 1 else 'zeros'}"
            return f"came back with {found} of {total}, expected {wanted}"
        if self.count_only or not self.pristine:
            return ""
        return _misplaced(value, expected, self.pristine)

    def same(self, value: Masks, answer: Callable[..., Masks]) -> bool:
        """As `AnyCase.same`."""
        import torch

        masks = answer(self.pristine, self.sparsity)
        if self.count_only:
            return _zeros(masks) == _zeros(value)
        return all(torch.equal(masks[name], mask) for name, mask in value.items())


def _read(value: Any, weight: "Tensor", where: str) -> tuple["Tensor", str]:
    """A mask of 0 and 1 in another dtype, or flattened, still shows which weights are kept."""
    import torch

    wanted = f"expected a bool tensor of shape {tuple(weight.shape)} on {weight.device}{where}"
    # A subclass may redefine what a comparison does; the check looks at plain tensors only.
    if type(value) not in (torch.Tensor, torch.nn.Parameter):
        raise Failure(f"returned {show_type(value)}, {wanted}")
    value = value.detach()
    dtype = str(value.dtype).removeprefix("torch.")
    got = f"returned a {dtype} tensor of shape {tuple(value.shape)} on {value.device}"
    fits = value.numel() == weight.numel() and value.layout == torch.strided
    if not fits or value.device != weight.device:
        raise Failure(f"{got}, {wanted}")
    if value.dtype != torch.bool and not bool(((value == 0) | (value == 1)).all()):
        extra = ", holding NaN" if bool((value != value).any()) else ""
        raise Failure(f"{got}{extra}, not of 0 and 1; {wanted}")
    sound = value.dtype == torch.bool and value.shape == weight.shape
    # A copy: a student's function may hand out the same tensor at each call and change it.
    mask = value.reshape(weight.shape).bool().clone()
    return mask, "" if sound else f"{got}, {wanted}"


def _misplaced(masks: Masks, expected: Masks, weights: Masks) -> str:
    """One weight that was pruned but should stay, and one that stayed in its place."""
    import torch

    names = [(n, i) for n, weight in weights.items() for i in range(weight.numel())]
    got = torch.cat([masks[name].reshape(-1) for name in weights])
    want = torch.cat([expected[name].reshape(-1) for name in weights])
    if torch.equal(got, want):
        return ""
    values = scores(weights, signed=True).tolist()

    lost = int((~got & want).nonzero()[0])
    left = int((got & ~want).nonzero()[0])
    sizes = [abs(values[position]) for position in (lost, left)]
    near = sizes[0] != sizes[1] and len({f"{size:g}" for size in sizes}) == 1

    def at(position: int) -> str:
        name, index = names[position]
        value = repr(values[position]) if near else f"{values[position]:g}"
        return f"{value} at {name + ' ' if name else ''}flat index {index}"

    why = "of equal |w| the first goes first" if sizes[0] == sizes[1] else ""
    text = f"it pruned {at(lost)} and kept {at(left)}, expected the reverse"
    return text + (f" ({why})" if why else "")


def _zeros(masks: Masks) -> int:
    return sum(int((~mask).sum()) for mask in masks.values())


def _show(weight: "Tensor") -> str:
    """A short tensor by its values, a longer one by its shape; dtype where it is not float32."""
    dtype = str(weight.dtype).removeprefix("torch.")
    kind = "" if dtype == "float32" else f" {dtype}"
    if weight.dim() == 1 and weight.numel() <= 6:
        return "[" + ", ".join(f"{value:g}" for value in weight.tolist()) + "]" + kind
    return f"shape {tuple(weight.shape)}{kind}"
