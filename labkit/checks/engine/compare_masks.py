"""Judge functions that return keep-masks: right answers, known wrong ones, words for both.

Everything here works on several named tensors at once; one tensor is the case of one name.  The
answers are computed in float64, which holds each float32, float16 and bfloat16 value exactly.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from labkit.checks.engine.compare_values import group_verdicts, remembered, show_type
from labkit.checks.engine.exercise import Verdict
from labkit.checks.engine.trial import Failure, Trial, one_line

if TYPE_CHECKING:
    from torch import Tensor

Masks = dict[str, "Tensor"]


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


@dataclass(frozen=True)
class Mistake:
    """A misconception: its `name`, what it does, and the masks (or the error) that it leads to."""

    name: str
    explanation: str
    masks: Callable[[Masks, float], Masks] | None = None
    error: str = ""


@dataclass(frozen=True)
class _Result:
    """What came of one case: masks that could be read, or a problem, and how sound the form is."""

    case: Case
    masks: Masks | None = None
    problem: str = ""
    form: str = ""
    anywhere: bool = False


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


def judge(
    trial: Trial,
    groups: dict[str, list[Case]],
    form_name: str,
    mistakes: Iterable[Mistake],
    section: str,
) -> tuple[Verdict, ...]:
    """One verdict per group, and one named `form_name` on type, shape, device and the input.

    The form is judged over all calls, and only counts once the first group holds: else a function
    that returns any mask would earn it.
    """
    results = {name: [_try(trial, case) for case in cases] for name, cases in groups.items()}
    everything = [result for group in results.values() for result in group]
    mistakes, leads_to = list(mistakes), remembered(_leads_to)
    verdicts = group_verdicts(
        results,
        lambda result: _problem(result, trial.name),
        lambda result, group: _recognise(result, group, everything, mistakes, section, leads_to),
    )
    form = next((result.form for result in everything if result.form), "")
    if not verdicts[0].passed:
        form = form or f"counts once '{verdicts[0].name}' holds"
    return (*verdicts, Verdict(form_name, not form, form))


def _try(trial: Trial, case: Case) -> _Result:
    """Call the function on the case and read what it returns."""
    import torch

    argument = case.weights[""] if case.alone else case.weights
    problem, anywhere, value = "", False, None
    try:
        value = trial(argument, case.sparsity)
    except Failure as failure:
        problem, anywhere = str(failure), failure.anywhere
    call = case.describe(trial.name)
    after = trial.after[0]
    weights = {"": after} if case.alone else after if isinstance(after, dict) else {}
    changed = [
        name
        for name, before in case.pristine.items()
        if not isinstance(now := weights.get(name), torch.Tensor)
        or (now.shape, now.dtype, now.device) != (before.shape, before.dtype, before.device)
        or not torch.equal(now, before)
    ]
    form = ""
    if changed or list(weights) != list(case.pristine):
        what = "its weight" if case.alone else "its weights"
        form = f"tried {call}; the function changed {what} in place: work on a copy"
    if problem:
        return _Result(case, None, problem, form, anywhere)
    try:
        masks, problem, flaw = _read({"": value} if case.alone else value, case.pristine)
    except BaseException as error:  # looking at the value runs code of its class
        masks, problem, flaw = None, f"looking at the result raised {type(error).__name__}", ""
    if flaw:
        form = form or f"tried {call}; {flaw}"
    return _Result(case, masks, problem, form)


def _read(value: Any, weights: Masks) -> tuple[Masks | None, str, str]:
    """Masks in `value`; or None and the problem.  Third: what is off about their form."""
    if not issubclass(type(value), dict):
        return None, f"returned {show_type(value)}, expected a dict of masks by name", ""
    masks: Masks = {}
    flaws: list[str] = []
    if list(value) != list(weights):
        if set(value) != set(weights):
            return None, f"returned the names {one_line(list(value), 80)}", ""
        flaws.append(f"returned the names in another order: {one_line(list(value), 80)}")
        value = {name: value[name] for name in weights}
    for name, weight in weights.items():
        mask, problem, flaw = _read_one(value[name], weight)
        where = f" for {name}" if name else ""
        if mask is None:
            return None, problem + where, ""
        masks[name] = mask
        flaws += [flaw + where] if flaw else []
    return masks, "", flaws[0] if flaws else ""


def _read_one(value: Any, weight: "Tensor") -> tuple["Tensor | None", str, str]:
    """A mask of 0 and 1 in another dtype, or flattened, still shows which weights are kept."""
    import torch

    wanted = f"expected a bool tensor of shape {tuple(weight.shape)} on {weight.device}"
    # A subclass may redefine what a comparison does; the check looks at plain tensors only.
    if type(value) not in (torch.Tensor, torch.nn.Parameter):
        return None, f"returned {show_type(value)}, {wanted}", ""
    value = value.detach()
    dtype = str(value.dtype).removeprefix("torch.")
    got = f"returned a {dtype} tensor of shape {tuple(value.shape)} on {value.device}"
    if value.numel() != weight.numel() or value.layout != torch.strided:
        return None, f"{got}, {wanted}", ""
    if value.device != weight.device:
        return None, f"{got}, {wanted}", f"{got}, {wanted}"
    if value.dtype != torch.bool and not bool(((value == 0) | (value == 1)).all()):
        extra = ", holding NaN" if bool((value != value).any()) else ""
        return None, f"{got}{extra}, not of 0 and 1; {wanted}", f"{got}, {wanted}"
    sound = value.dtype == torch.bool and value.shape == weight.shape
    # A copy: a student's function may hand out the same tensor at each call and change it.
    mask = value.reshape(weight.shape).bool().clone()
    return mask, "", "" if sound else f"{got}, {wanted}"


def _problem(result: _Result, function: str) -> str:
    """What was tried, what came back, what was expected; empty where the result is right."""
    call = result.case.describe(function)
    if result.masks is None:
        problem = result.problem.rstrip(".")
        return f"{problem}." if result.anywhere else f"tried {call}; {problem}."
    weights = result.case.pristine
    expected = right(weights, result.case.sparsity)
    zeros, wanted = _zeros(result.masks), _zeros(expected)
    if zeros != wanted:
        total = sum(weight.numel() for weight in weights.values())
        found = f"{zeros} {'zero' if zeros == 1 else 'zeros'}"
        return f"tried {call}; came back with {found} of {total}, expected {wanted}."
    if result.case.count_only or not weights:
        return ""
    return _misplaced(result.masks, expected, weights, call)


def _misplaced(masks: Masks, expected: Masks, weights: Masks, call: str) -> str:
    """One weight that was pruned but should stay, and one that stayed in its place."""
    import torch

    names = [(n, i) for n, weight in weights.items() for i in range(weight.numel())]
    got = torch.cat([masks[name].reshape(-1) for name in weights])
    want = torch.cat([expected[name].reshape(-1) for name in weights])
    if torch.equal(got, want):
        return ""
    values = scores(weights, signed=True).tolist()

    def at(position: int) -> str:
        name, index = names[position]
        return f"{values[position]:g} at {name + ' ' if name else ''}flat index {index}"

    lost = int((~got & want).nonzero()[0])
    left = int((got & ~want).nonzero()[0])
    why = "of equal |w| the first goes first" if abs(values[lost]) == abs(values[left]) else ""
    text = f"tried {call}; it pruned {at(lost)} and kept {at(left)}, expected the reverse"
    return text + (f" ({why})." if why else ".")


def _recognise(
    result: _Result,
    group: list[_Result],
    everything: list[_Result],
    mistakes: Iterable[Mistake],
    section: str,
    leads_to: Callable[[Mistake, _Result], bool],
) -> str:
    """Name the misconception that leads to this result, if one does, and what to read.

    It has to explain each mask of the group: on a single small input many do, by chance.
    """
    if result.masks is None:
        fits = [m for m in mistakes if m.error and m.error in result.problem]
    else:
        masks = [other for other in group if other.masks is not None]
        fits = [m for m in mistakes if m.masks and all(leads_to(m, other) for other in masks)]
    if not fits:
        return ""
    best = fits[0]
    if len(fits) > 1:  # take the one that explains most of the other calls
        best = max(fits, key=lambda mistake: sum(leads_to(mistake, other) for other in everything))
    return f"This looks like '{best.name}': {best.explanation}. Read {section}"


def _leads_to(mistake: Mistake, result: _Result) -> bool:
    import torch

    if result.masks is None or not mistake.masks:
        return False
    masks = mistake.masks(result.case.pristine, result.case.sparsity)
    if result.case.count_only:
        return _zeros(masks) == _zeros(result.masks)
    return all(torch.equal(masks[name], mask) for name, mask in result.masks.items())


def _zeros(masks: Masks) -> int:
    return sum(int((~mask).sum()) for mask in masks.values())


def _show(weight: "Tensor") -> str:
    """A short tensor by its values, a longer one by its shape; dtype where it is not float32."""
    dtype = str(weight.dtype).removeprefix("torch.")
    kind = "" if dtype == "float32" else f" {dtype}"
    if weight.dim() == 1 and weight.numel() <= 6:
        return "[" + ", ".join(f"{value:g}" for value in weight.tolist()) + "]" + kind
    return f"shape {tuple(weight.shape)}{kind}"


def _at_rank(values: "Tensor", rank: int) -> float:
    """The value at `rank` (1 = lowest); minus infinity for 0, infinity beyond the last."""
    if rank < 1:
        return -math.inf
    return math.inf if rank > values.numel() else float(values.sort().values[rank - 1])


def _by_count(count: Callable[[float], int], signed: bool = False) -> Callable[..., Masks]:
    def masks(weights: Masks, sparsity: float) -> Masks:
        values = scores(weights, signed)
        return split(drop_lowest(values, min(count(sparsity * values.numel()), 10**9)), weights)

    return masks


def _inverted(weights: Masks, sparsity: float) -> Masks:
    return {name: ~mask for name, mask in right(weights, sparsity).items()}


def _share_kept(weights: Masks, sparsity: float) -> Masks:
    values = scores(weights)
    total = values.numel()
    return split(drop_lowest(values, total - round(sparsity * total)), weights)


def _threshold(offset: int, strict: bool) -> Callable[..., Masks]:
    """Keep what is above (or at) the value of rank k + offset, as a comparison does."""

    def masks(weights: Masks, sparsity: float) -> Masks:
        values = scores(weights)
        limit = _at_rank(values, round(sparsity * values.numel()) + offset)
        return split(values > limit if strict else values >= limit, weights)

    return masks


def _threshold_always(index: Callable[[int], int]) -> Callable[..., Masks]:
    """Keep what is above a weight, also where no weight is to be pruned: then `index` says which.

    Sorted values at k - 1 give the largest for k = 0, as -1 counts from the end.
    """

    def masks(weights: Masks, sparsity: float) -> Masks:
        values = scores(weights)
        k = round(sparsity * values.numel())
        limit = values.sort().values[index(k)] if values.numel() else 0.0
        return split(values > limit, weights)

    return masks


def _quantile(strict: bool) -> Callable[..., Masks]:
    def masks(weights: Masks, sparsity: float) -> Masks:
        values = scores(weights)
        limit = values.quantile(sparsity) if values.numel() else 0.0
        return split(values > limit if strict else values >= limit, weights)

    return masks


def _last_first(weights: Masks, sparsity: float) -> Masks:
    values = scores(weights)
    return split(
        drop_lowest(values.flip(0), round(sparsity * values.numel())).flip(0),
        weights,
    )


def _own_order(drop: "Callable[[Tensor, int], Tensor]") -> Callable[..., Masks]:
    """Ties in the order in which torch leaves them, which depends on the dtype too.

    `drop` gets |w| in the dtype of the weights and the number of zeros, and gives their places.
    """

    def masks(weights: Masks, sparsity: float) -> Masks:
        import torch

        parts = [weight.abs().flatten() for weight in weights.values()]
        sizes = torch.cat(parts) if parts else torch.zeros(0)
        keep = torch.ones(sizes.numel(), dtype=torch.bool)
        keep[drop(sizes, round(sparsity * sizes.numel()))] = False
        return split(keep, weights)

    return masks


def _largest_first(weights: Masks, sparsity: float) -> Masks:
    values = scores(weights)
    return split(drop_lowest(-values, round(sparsity * values.numel())), weights)


def _rows(weights: Masks, sparsity: float) -> Masks:
    import torch

    result = {}
    for name, weight in weights.items():
        rows = weight.reshape(-1, weight.shape[-1]) if weight.numel() else weight.reshape(0, 1)
        parts = [right({"": row}, sparsity)[""] for row in rows]
        result[name] = (torch.stack(parts) if parts else rows.bool()).reshape(weight.shape)
    return result


MISTAKES = (
    Mistake(
        "signed compare",
        "it ranks w instead of |w|, so large negative weights go first",
        _by_count(round, signed=True),
    ),
    Mistake(
        "kept and pruned swapped",
        "a mask is True where a weight is kept",
        _inverted,
    ),
    Mistake(
        "sparsity read as the share kept",
        "sparsity is the fraction of zeros",
        _share_kept,
    ),
    Mistake(
        "int() for round()",
        "int() cuts off: 0.29 * 100 is 28.999999999999996 and becomes 28",
        _by_count(int),
    ),
    Mistake("rounding up", "ceil() prunes one too many; use round()", _by_count(math.ceil)),
    Mistake(
        "rounding halves up",
        "Python's round() takes a half to the even neighbour, 2.5 to 2",
        _by_count(lambda x: math.floor(x + 0.5)),
    ),
    Mistake(
        "threshold with ties",
        "comparing with > prunes every weight as large as the threshold, more than asked for",
        _threshold(0, strict=True),
    ),
    Mistake(
        "threshold with ties",
        "comparing with >= keeps every weight as large as the threshold, more than asked for",
        _threshold(1, strict=False),
    ),
    *(
        Mistake(
            "threshold with ties",
            "comparing with > prunes every weight as large as the threshold, more than asked for; "
            "and where nothing is to be pruned there is no threshold",
            _threshold_always(index),
        )
        for index in (lambda k: k - 1, lambda k: max(k - 1, 0))
    ),
    Mistake(
        "off by one",
        "the k-th smallest weight itself is to be pruned, and >= keeps it",
        _threshold(0, strict=False),
    ),
    *(
        Mistake(
            "quantile as threshold",
            "a quantile lies at a weight or between two and gives no exact count",
            _quantile(strict),
        )
        for strict in (True, False)
    ),
    Mistake(
        "ties from the end",
        "of equal |w| the lower index is pruned first; topk and an unstable sort promise no order",
        _last_first,
    ),
    *(
        Mistake(
            "ties in no order",
            "of equal |w| the lower index is pruned first; topk, and argsort or sort without "
            "stable=True, promise no order",
            _own_order(drop),
        )
        for drop in (
            lambda sizes, k: sizes.argsort()[:k],
            lambda sizes, k: sizes.topk(k, largest=False).indices,
            lambda sizes, k: sizes.argsort(descending=True)[sizes.numel() - k :],
        )
    ),
    Mistake(
        "the largest pruned",
        "the weights with the smallest |w| are pruned, and the largest are kept",
        _largest_first,
    ),
    Mistake(
        "each row on its own",
        "the sparsity is that of the tensor, not of each row",
        _rows,
    ),
    Mistake(
        "no mask",
        "a mask says by True and False which weights are kept; it does not hold the weights",
        error="not of 0 and 1",
    ),
    Mistake(
        "k = 0",
        "at sparsity 0 there is no k-th smallest weight to ask for",
        error="k out of range",
    ),
    Mistake(
        "view() of a transposed tensor",
        "view() needs contiguous memory; reshape() and flatten() do not",
        error="view size is not compatible",
    ),
    Mistake(
        "numpy has no bfloat16",
        "convert with .float() before .numpy()",
        error="unsupported ScalarType BFloat16",
    ),
)
