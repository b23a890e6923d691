"""What differs between a returned value and the expected one, in words for a student."""

import math
import re
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from labkit.checks.engine.model_data import HELD, ModelData, model_data, type_name
from labkit.checks.engine.trial import one_line

_PLACE = re.compile(r" in value ((?:\[\d+\])+)$")


def difference(
    value: Any, expected: Any, rtol: float = 1e-5, atol: Any = 1e-7, kept: bool = False
) -> str:
    """What differs between a returned value and the expected one, in words; empty if nothing.

    Tensors have to be plain tensors of the expected dtype and shape (a Python number or a tensor
    of one element, or a Fraction, serves for a number); lists, tuples and named tuples serve for
    each other, and any kind of dict for a dict; models have to hold the same parameters and buffers
    and to be in the same state.  A subclass may redefine what a comparison does: of tensors only
    exact types are looked at, of containers what the built-in type finds in them.  `atol` may be a
    tensor that says it for each entry of an expected one of its shape.  With `kept` the value is
    an argument after a call: signs of zeros have to be equal as well.
    """
    import numpy as np
    import torch

    if isinstance(expected, torch.Tensor):
        return _tensor_difference(value, expected, rtol, atol, kept)
    if isinstance(expected, torch.nn.Module):
        wanted = model_data(expected)
        found = model_data(value) if isinstance(value, torch.nn.Module) else value
        if type(found) is not ModelData or found.kind != wanted.kind:
            return f"returned {show_type(value)}, expected one of type {type(expected).__name__}"
        if kept and (text := mode_difference(value, expected)):
            return text
        return difference(found.contents, wanted.contents, rtol, atol, kept) or difference(
            found.marks, wanted.marks
        )
    if isinstance(expected, np.ndarray):
        if type(value) is torch.Tensor:
            value = value.detach().cpu().numpy()
        if type(value) is not np.ndarray:
            return f"returned {show_type(value)}, expected an array of shape {expected.shape}"
        found = torch.from_numpy(np.ascontiguousarray(value))
        return _tensor_difference(found, torch.from_numpy(expected.copy()), rtol, atol)
    if isinstance(expected, dict):
        if not issubclass(type(value), dict):
            return f"returned {show_type(value)}, expected a dict"
        # An OrderedDict keeps an order of its own.
        base = OrderedDict if issubclass(type(value), OrderedDict) else dict
        value = dict(base.items(value))
        if list(value) != list(expected):
            wanted = one_line(list(expected), 80)
            return f"returned the keys {one_line(list(value), 80)}, expected {wanted}"
        pairs = [(f" at {key!r}", value[key], expected[key]) for key in expected]
    elif isinstance(expected, tuple | list):
        if not issubclass(type(value), tuple | list):
            kind = "tuple" if isinstance(expected, tuple) else "list"
            return f"returned {show_type(value)}, expected a {kind} of {len(expected)}"
        value = list((tuple if issubclass(type(value), tuple) else list).__iter__(value))
        if len(value) != len(expected):
            plural = "s" * (len(value) != 1)
            text = f"returned {len(value)} value{plural}, expected {len(expected)}"
            return text + _odd(value, expected)
        # As Python writes it: entry 2 of the first of some tuples is in value [0][2].
        pairs = [
            (f" in value [{i}]", *both) for i, both in enumerate(zip(value, expected, strict=True))
        ]
    elif expected is None or isinstance(expected, bool | int | float | str):
        return _scalar_difference(value, expected, rtol, atol)
    elif isinstance(expected, np.generic):
        return difference(value, expected.item(), rtol, atol)
    else:  # a tokenizer, a clock: an argument whose inside is no business of the student's
        wanted = type_name(expected)
        same = type_name(value) == wanted
        return "" if same else f"returned {show_type(value)}, expected one of type {wanted}"
    for where, found, wanted in pairs:
        if text := difference(found, wanted, rtol, atol, kept):
            inner = _PLACE.search(text) if where.endswith("]") else None
            return text[: inner.start()] + where + inner[1] if inner else text + where
    return ""


def _odd(value: Sequence[Any], expected: Sequence[Any]) -> str:
    """Of two lists of texts, the first that only one of them holds, in words."""
    if not expected or any(type(text) is not str for text in (*value, *expected)):
        return ""
    more = [f"{one_line(text, 60)!r} is too many" for text in value if text not in expected]
    fewer = [f"{one_line(text, 60)!r} is missing" for text in expected if text not in value]
    twice = [f"{one_line(text, 60)!r} is there twice" for text in value if value.count(text) > 1]
    return f" ({odd[0]})" if (odd := more + fewer + twice) else ""


def show(value: Any, width: int = 60) -> str:
    """A small tensor by its values, a larger one by its shape, other values by their text."""
    import numpy as np
    import torch

    if isinstance(value, np.ndarray):
        kind = "array"
    elif isinstance(value, torch.Tensor):
        kind = "" if value.dtype == torch.float32 else str(value.dtype).removeprefix("torch.")
    else:
        if isinstance(value, dict):
            inner = ", ".join(f"{key!r}: {show(item, 30)}" for key, item in value.items())
            return one_line("{" + inner + "}", 2 * width)
        if type(value) in (list, tuple) and any(isinstance(v, torch.Tensor) for v in value):
            return one_line("[" + ", ".join(show(v, 30) for v in value) + "]", 2 * width)
        text = f"{value:g}" if type(value) is float else repr(value)
        return one_line(text, width)
    if value.ndim == 1 and len(value) <= 8:
        return f"[{_listed(value.tolist())}] {kind}".strip()
    if value.ndim == 2 and 0 < math.prod(value.shape) <= 12:
        rows = ", ".join(f"[{_listed(row)}]" for row in value.tolist())
        return f"[{rows}] {kind}".strip()
    return f"{kind or 'tensor'} of shape {tuple(value.shape)}"


def _listed(items: Iterable[Any]) -> str:
    return ", ".join(f"{item:g}" if isinstance(item, float) else str(item) for item in items)


def show_type(value: object) -> str:
    """The type of a value that should have been another."""
    name = type_name(value)
    return "nothing (None; is a return missing?)" if value is None else f"a value of type {name}"


def mode_difference(value: Any, expected: Any) -> str:
    """In which mode a model was left that came in another, in words; perhaps as `ModelData`."""
    if getattr(value, "training", None) != expected.training:
        before, now = ("training", "evaluation")[:: 1 if expected.training else -1]
        return f"came in {before} mode and was left in {now} mode"
    trained = {name: p.requires_grad for name, p in _parameters(value)}
    for name, parameter in _parameters(expected):
        if trained.get(name, parameter.requires_grad) != parameter.requires_grad:
            now = "with" if trained[name] else "without"
            return f"was left {now} gradients at {name}"
    marks = (value if type(value) is ModelData else model_data(value)).marks
    for mark, was in model_data(expected).marks.items():
        if mark.startswith(HELD) and marks.get(mark, was) != was:
            return f"was left {'without' if was else 'with'} {mark}"
    return ""


def _parameters(model: Any) -> Iterable[tuple[str, Any]]:
    return model.named_parameters(remove_duplicate=False)


def _tensor_difference(
    value: Any, expected: Any, rtol: float, atol: Any, kept: bool = False
) -> str:
    import torch

    dtype = str(expected.dtype).removeprefix("torch.")
    wanted = f"expected {_article(dtype)} tensor of shape {tuple(expected.shape)}"
    if type(value) not in (torch.Tensor, torch.nn.Parameter):
        return f"returned {show_type(value)}, {wanted}"
    value = value.detach()
    found = str(value.dtype).removeprefix("torch.")
    got = f"returned {_article(found)} tensor of shape {tuple(value.shape)}"
    if (value.shape, value.dtype) != (expected.shape, expected.dtype):
        return f"{got}, {wanted}"
    if value.device != expected.device or value.layout != expected.layout:
        return f"{got} on {value.device}, {wanted} on {expected.device}"
    if isinstance(atol, torch.Tensor) and atol.shape != expected.shape:
        # What a known mistake gives may have another shape than the right answer.
        atol = float(atol.max()) if atol.numel() else 0.0
    exact = not (value.is_floating_point() or value.is_complex())
    close = (
        value == expected
        if exact
        else torch.isclose(value, expected, rtol=rtol, atol=0.0, equal_nan=True)
        | ((value - expected).abs() <= atol)
    )
    if kept and value.is_floating_point():
        close = close & (value.signbit() == expected.signbit())
    if bool(close.all()):
        return ""
    at = tuple(int(i) for i in (~close).nonzero()[0])
    where = f" at {list(at)}" if at else ""
    wrong = int((~close).sum())
    more = f" ({wrong} of {close.numel()} entries differ)" if close.numel() > 1 else ""
    found, wanted = _shown_apart(value[at].item(), expected[at].item())
    return f"returned {found}{where}, expected {wanted}{more}"


def _article(dtype: str) -> str:
    return f"an {dtype}" if dtype[0] in "aeio" else f"a {dtype}"


def _shown_apart(value: Any, expected: Any) -> tuple[str, str]:
    """Both as `show` gives them, True and False of a mask included; in full where that is alike."""
    found, wanted = show(value), show(expected)
    return (found, wanted) if found != wanted else (one_line(repr(value), 60), wanted)


def _scalar_difference(value: Any, expected: Any, rtol: float, atol: float) -> str:
    import numpy as np
    import torch

    one_tensor = type(value) is torch.Tensor and value.numel() == 1
    one_entry = type(value) is np.ndarray and value.ndim == 0
    one_number = isinstance(value, np.generic) and type(value).__module__ == "numpy"
    if one_tensor or one_entry or one_number:
        value = value.item()
    if type(value) is Fraction:
        value = float(value)
    found, wanted = _shown_apart(value, expected)
    got = f"returned {found}, expected {wanted}"
    if expected is None or isinstance(expected, str | bool):
        return "" if type(value) is type(expected) and value == expected else got
    if type(value) not in (int, float):
        return f"returned {show_type(value)}, expected the number {show(expected)}"
    if isinstance(expected, int):
        return "" if value == expected else got
    if math.isnan(expected) or math.isnan(value):
        return "" if math.isnan(expected) and math.isnan(value) else got
    return "" if math.isclose(value, expected, rel_tol=rtol, abs_tol=atol) else got
