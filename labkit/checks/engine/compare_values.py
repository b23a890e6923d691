"""Judge functions that return data (numbers, tensors, arrays, lists, dicts) against a reference.

An exercise gives groups of cases; each group is one property and one verdict.  A known
misconception is written down as the function that someone who holds it would write: where it
gives what the student gave, on each case of the group, the verdict names it.
"""

import copy
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import GeneratorType
from typing import Any, TypeVar

from labkit.checks.engine.exercise import Verdict
from labkit.checks.engine.plain_data import ModelData, model_data, type_name
from labkit.checks.engine.trial import Failure, Trial, one_line

R = TypeVar("R")
M = TypeVar("M")


@dataclass(frozen=True, eq=False)
class Case:
    """One call: positional `arguments`, what is `expected`, a word on what is special about them.

    Numbers agree within the relative tolerance `rtol` or the absolute `atol`; whole numbers,
    booleans and text have to be equal.  `shown` describes the call where its arguments are too
    long to print, for example "f(a 3 x 4 weight, 0.5)".
    """

    arguments: tuple
    expected: Any
    note: str = ""
    rtol: float = 1e-5
    atol: float = 1e-7
    shown: str = ""

    def describe(self, function: str) -> str:
        """The call in the words of the student."""
        call = self.shown or f"{function}({', '.join(show(value) for value in self.arguments)})"
        return call + (f" [{self.note}]" if self.note else "")


@dataclass(frozen=True)
class Mistake:
    """A misconception: `name`, what it does, and the `answer` (or part of the `error`) it gives.

    `answer` takes the case's arguments, as the student's function does, and may raise: then the
    mistake gives no value there.
    """

    name: str
    explanation: str
    answer: Callable[..., Any] | None = None
    error: str = ""


@dataclass(frozen=True, eq=False)
class _Result:
    """What came of one case: a value, or a problem that left none; `changed` inputs, in words."""

    case: Case
    value: Any = None
    problem: str = ""
    changed: str = ""
    anywhere: bool = False


def judge(
    trial: Trial,
    groups: dict[str, Sequence[Case]],
    mistakes: Iterable[Mistake],
    section: str,
    keeps_input: str = "the input is kept",
) -> tuple[Verdict, ...]:
    """One verdict per group, and one named `keeps_input` on changes to the arguments.

    The last one counts only once the first group holds: else a function that does nothing would
    earn it.
    """
    mistakes = list(mistakes)
    results = {name: [_try(trial, case) for case in cases] for name, cases in groups.items()}
    everything = [result for group in results.values() for result in group]
    leads_to = remembered(_leads_to)
    verdicts = group_verdicts(
        results,
        lambda result: _problem(result, trial.name),
        lambda result, group: _recognise(result, group, everything, mistakes, section, leads_to),
    )
    changed = next((result.changed for result in everything if result.changed), "")
    if not verdicts[0].passed:
        changed = changed or f"counts once '{verdicts[0].name}' holds"
    return (*verdicts, Verdict(keeps_input, not changed, changed))


def group_verdicts(
    results: dict[str, list[R]],
    problem: Callable[[R], str],
    recognise: Callable[[R, list[R]], str],
) -> list[Verdict]:
    """One verdict per group of results: its first problem, or the first one that has a name.

    `problem` says what is wrong with a result (empty: nothing), `recognise` names the
    misconception behind it, given the group (empty: none known).
    """
    verdicts = []
    for name, group in results.items():
        wrong = [(result, text) for result in group if (text := problem(result))]
        if not wrong:
            verdicts.append(Verdict(name, True))
            continue
        # A failure that has a name teaches more than the first one in order.
        named = ((text, hint) for result, text in wrong if (hint := recognise(result, group)))
        text, hint = next(named, (wrong[0][1], ""))
        verdicts.append(Verdict(name, False, f"{text} {hint}".strip()))
    return verdicts


def remembered(leads_to: Callable[[M, R], bool]) -> Callable[[M, R], bool]:
    """`leads_to`, asked once of each pair: the same ones come up for each wrong result."""
    known: dict[tuple[int, int], bool] = {}

    def asked(mistake: M, result: R) -> bool:
        pair = id(mistake), id(result)
        if pair not in known:
            known[pair] = leads_to(mistake, result)
        return known[pair]

    return asked


def difference(value: Any, expected: Any, rtol: float = 1e-5, atol: float = 1e-7) -> str:
    """What differs between a returned value and the expected one, in words; empty if nothing.

    Tensors have to be plain tensors of the expected dtype and shape (a Python number or a tensor
    of one element serves for a number); lists and tuples serve for each other; models have to
    hold the same parameters and buffers.  A subclass may redefine what a comparison does, so only
    exact types are looked at.
    """
    import numpy as np
    import torch

    if isinstance(expected, torch.Tensor):
        return _tensor_difference(value, expected, rtol, atol)
    if isinstance(expected, torch.nn.Module):
        wanted = model_data(expected)
        found = model_data(value) if isinstance(value, torch.nn.Module) else value
        if type(found) is not ModelData or found.kind != wanted.kind:
            return f"returned {show_type(value)}, expected one of type {type(expected).__name__}"
        return difference(found.contents, wanted.contents, rtol, atol)
    if isinstance(expected, np.ndarray):
        if type(value) is torch.Tensor:
            value = value.detach().cpu().numpy()
        if type(value) is not np.ndarray:
            return f"returned {show_type(value)}, expected an array of shape {expected.shape}"
        found = torch.from_numpy(np.ascontiguousarray(value))
        return _tensor_difference(found, torch.from_numpy(expected.copy()), rtol, atol)
    if isinstance(expected, dict):
        if type(value) is not dict:
            return f"returned {show_type(value)}, expected a dict"
        if list(value) != list(expected):
            wanted = one_line(list(expected), 80)
            return f"returned the keys {one_line(list(value), 80)}, expected {wanted}"
        pairs = [(f" at {key!r}", value[key], expected[key]) for key in expected]
    elif isinstance(expected, tuple | list):
        if type(value) not in (tuple, list):
            kind = "tuple" if isinstance(expected, tuple) else "list"
            return f"returned {show_type(value)}, expected a {kind} of {len(expected)}"
        if len(value) != len(expected):
            plural = "s" * (len(value) != 1)
            text = f"returned {len(value)} value{plural}, expected {len(expected)}"
            return text + _odd(value, expected)
        pairs = [
            (f" in value {i} of {len(expected)}", *both)
            for i, both in enumerate(zip(value, expected, strict=True), start=1)
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
        if text := difference(found, wanted, rtol, atol):
            return text + where
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
    """A short tensor by its values, a longer one by its shape, other values by their text."""
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
        inner = ", ".join(
            f"{item:g}" if isinstance(item, float) else str(item) for item in value.tolist()
        )
        return f"[{inner}] {kind}".strip()
    return f"{kind or 'tensor'} of shape {tuple(value.shape)}"


def show_type(value: object) -> str:
    """The type of a value that should have been another."""
    name = type_name(value)
    return "nothing (None; is a return missing?)" if value is None else f"a value of type {name}"


def _try(trial: Trial, case: Case) -> _Result:
    arguments = copy.deepcopy(case.arguments)
    problem, anywhere, value = "", False, None
    try:
        value = trial(*arguments)
    except Failure as failure:
        problem, anywhere = str(failure), failure.anywhere
    changed = ""
    if difference(list(trial.after), list(case.arguments), 0, 0):
        call = case.describe(trial.name)
        changed = f"tried {call}; the function changed its input in place: work on a copy"
    try:
        # A copy: a function may hand out the same tensor at each call and change it.
        # A generator has none; its type is enough to say what is wrong.
        value = value if type(value) is GeneratorType else copy.deepcopy(value)
    except BaseException as error:  # copying runs code of the value's class
        kind = type(value).__name__  # nothing else of such a value may be touched
        problem = problem or f"looking at a value of type {kind} raised {type(error).__name__}"
    return _Result(case, value, problem, changed, anywhere)


def _problem(result: _Result, function: str) -> str:
    """What was tried, what came back, what was expected; empty where the result is right."""
    case = result.case
    if result.problem:
        problem = result.problem.rstrip(".")
        return f"{problem}." if result.anywhere else f"tried {case.describe(function)}; {problem}."
    try:
        text = difference(result.value, case.expected, case.rtol, case.atol)
    except BaseException as error:  # looking at the value runs code of its class
        text = f"looking at the result raised {type(error).__name__}"
    return f"tried {case.describe(function)}; it {text}." if text else ""


def _recognise(
    result: _Result,
    group: list[_Result],
    everything: list[_Result],
    mistakes: list[Mistake],
    section: str,
    leads_to: Callable[[Mistake, _Result], bool],
) -> str:
    """Name the misconception that leads to this result, if one does, and what to read.

    It has to explain each value of the group: on a single small input many do, by chance.
    """
    if result.problem:
        fits = [m for m in mistakes if m.error and m.error in result.problem]
    else:
        valued = [other for other in group if not other.problem]
        fits = [m for m in mistakes if m.answer and all(leads_to(m, other) for other in valued)]
    if not fits:
        return ""
    best = fits[0]
    if len(fits) > 1:  # take the one that explains most of the other calls
        best = max(fits, key=lambda mistake: sum(leads_to(mistake, other) for other in everything))
    return f"This looks like '{best.name}': {best.explanation}. Read {section}"


def _leads_to(mistake: Mistake, result: _Result) -> bool:
    if result.problem or not mistake.answer:
        return False
    case = result.case
    try:
        answer = mistake.answer(*copy.deepcopy(case.arguments))
        return not difference(result.value, answer, case.rtol, case.atol)
    except BaseException:  # the mistake gives nothing here, or the value cannot be looked at
        return False


def _tensor_difference(value: Any, expected: Any, rtol: float, atol: float) -> str:
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
    exact = not (value.is_floating_point() or value.is_complex())
    close = (
        value == expected
        if exact
        else torch.isclose(value, expected, rtol=rtol, atol=atol, equal_nan=True)
    )
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
    if one_tensor or (isinstance(value, np.generic) and type(value).__module__ == "numpy"):
        value = value.item()
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
