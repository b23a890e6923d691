"""The exercise `pruning.sweep`: several sparsities, each from the dense weights.

Its text promises what that of `pruning.global_threshold` does, and levels in any order, repeated
or none; what is kept has to come back bit by bit.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

from labkit.checks.engine import mask_cases
from labkit.checks.engine.difference import show_type
from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake
from labkit.checks.engine.trial import Failure
from labkit.checks.engine.value_cases import Case
from labkit.checks.pruning.draws import (
    COUNTS,
    HUGE,
    SUBNORMAL,
    Draws,
    as_tensor,
    mixtures,
)
from labkit.checks.pruning.mask_mistakes import MISTAKES, SAME_FRACTION

if TYPE_CHECKING:
    from torch import Tensor


Weights = dict[str, "Tensor"]
Masked = Callable[[Weights, float], Weights]


def _zeroed(weights: Weights, keep: Weights) -> Weights:
    import torch

    return {name: torch.where(keep[name], weight, 0.0) for name, weight in weights.items()}


def _with(masked: Masked) -> Callable[..., list[Weights]]:
    """A sweep that takes its masks from `masked`, always of the dense weights."""

    def answer(weights: Weights, levels: Sequence[float]) -> list[Weights]:
        return [_zeroed(weights, masked(weights, level)) for level in levels]

    return answer


_right = _with(mask_cases.right)


def _of_the_rest(weights: Weights, levels: Sequence[float]) -> list[Weights]:
    """Each level prunes that share of the weights that are left, as torch does on pruned layers."""
    results, gone, total = [], 0, mask_cases.scores(weights).numel()
    order = mask_cases.scores(weights).argsort(stable=True)
    for level in levels:
        gone += round(level * (total - gone))
        keep = order.new_ones(total).bool()
        keep[order[:gone]] = False
        results.append(_zeroed(weights, mask_cases.split(keep, weights)))
    return results


def _from_before(weights: Weights, levels: Sequence[float]) -> list[Weights]:
    results, now = [], weights
    for level in levels:
        now = _zeroed(now, mask_cases.right(now, level))
        results.append(now)
    return results


def _added_up(weights: Weights, levels: Sequence[float]) -> list[Weights]:
    sums = [min(sum(levels[: i + 1]), 1.0) for i in range(len(levels))]
    return _right(weights, sums)


def _last_everywhere(answer: Callable[..., list[Weights]]) -> Callable[..., list[Weights]]:
    return lambda weights, levels: answer(weights, levels)[-1:] * len(levels)


def _dense_at_zero(weights: Weights, levels: Sequence[float]) -> list[Weights]:
    return [weights if level == 0 else _right(weights, [level])[0] for level in levels]


def _dense_where_kept(weights: Weights, levels: Sequence[float]) -> list[Weights]:
    """A tensor that loses nothing is handed on as it is."""
    return [
        {
            name: weight if bool((weight == result[name]).all()) else result[name]
            for name, weight in weights.items()
        }
        for result in _right(weights, levels)
    ]


def _cached(
    weights: Weights, levels: Sequence[float], start: Callable[..., list[Weights]] = _right
) -> list[Weights]:
    done = {level: start(weights, [level])[0] for level in levels}
    return [done[level] for level in levels]


_SHARED = "tensors that share memory with another result or with the weights"
_ONE_COPY = "each level needs a copy of its own, else the last level overwrites all results"
_ORDER = "results stand in the order of `levels`, one for each, repeated ones too"

_MISTAKES = (
    *(
        Mistake(
            "one tensor in several results",
            "whoever changes one result changes another, or the dense weights: each level needs "
            "tensors of its own, at 0 and at repeated levels too",
            answer,
        )
        for answer in (
            _dense_at_zero,
            _dense_where_kept,
            _cached,
            lambda *arguments: _cached(*arguments, start=_dense_at_zero),
        )
    ),
    Mistake(
        "compounding",
        "pruning a share of what is left adds to the zeros of the level before; start each level "
        "from the dense weights",
        _of_the_rest,
    ),
    Mistake(
        "zeros of the level before",
        "a weight that went at one level has to be back at a lower one: start from the dense "
        "weights",
        _from_before,
    ),
    Mistake("one copy for all levels", _ONE_COPY, _last_everywhere(_from_before)),
    Mistake("one copy for all levels", _ONE_COPY, _last_everywhere(_right)),
    Mistake("one copy for all levels", _ONE_COPY, _last_everywhere(_of_the_rest)),
    Mistake("levels sorted", _ORDER, lambda weights, levels: _right(weights, sorted(levels))),
    Mistake("levels sorted", _ORDER, lambda weights, levels: _right(weights, sorted(set(levels)))),
    Mistake(
        "levels added up",
        "a level is the whole sparsity, not what is pruned on top of the levels before",
        _added_up,
    ),
    replace(SAME_FRACTION, answer=_with(SAME_FRACTION.answer)),
    Mistake(
        "masks in place of weights",
        "the result holds pruned weights, not the masks that prune them",
        lambda weights, levels: [mask_cases.right(weights, level) for level in levels],
    ),
    *(replace(m, answer=_with(m.answer)) if m.answer else m for m in MISTAKES),
)


def _own(value: Any, arguments: tuple) -> Any:
    """How many memories are those of another result or of the input too, and the values."""
    import torch

    wanted = "expected a list of dicts of tensors"
    if type(value) not in (list, tuple):
        raise Failure(f"it returned {show_type(value)}, {wanted}")
    seen: set[int] = set()
    shared = 0
    for result in (arguments[0], *value):
        tensors = list(dict.values(result)) if issubclass(type(result), dict) else []
        if len(tensors) == 0 or any(type(t) is not torch.Tensor for t in tensors):
            raise Failure(f"one of the results is {show_type(result)}, {wanted}")
        # Within one result the tensors may be cut out of one row.
        places = {t.untyped_storage().data_ptr() for t in tensors if t.numel()}
        shared += len(places & seen)
        seen |= places
    return {_SHARED: shared, "results": list(value)}


def _cases(draw: Random) -> Groups:
    """Inputs of `sweep(weights, levels)`."""
    import torch

    draws = Draws(draw)
    random = draws.random

    def ascending() -> list[float]:
        return [random.choice(some) for some in ((0.1, 0.15), (0.3, 0.35), (0.55, 0.6), (0.8, 0.9))]

    def case(weights: Weights, levels: list[float], note: str = "") -> Case:
        return Case((weights, levels), _right(weights, levels), note, rtol=0, atol=0)

    def own(weights: Weights, levels: list[float], note: str) -> Case:
        expected = {_SHARED: 0, "results": _right(weights, levels)}
        return Case((weights, levels), expected, note, rtol=0, atol=0, look=_own)

    def tied() -> Weights:
        return {f"block.{i}.weight": as_tensor(draws.tied(16), (4, 4)) for i in (2, 6, 10)}

    up, down = ascending(), ascending()[::-1]
    repeated = [0.6, 0.2, 0.6, 0.4]
    odd = [draws.inexact(upward) for upward in (True, False)]
    kinds = (torch.float32, torch.bfloat16, torch.float16)
    mixed = draws.layers((4, 4), (2, 2, 4), (12,))
    mixed = {name: w.to(kind) for (name, w), kind in zip(mixed.items(), kinds, strict=True)}
    apart = list(mixtures(draws))
    far = draws.far()
    strided = {name: weight.t() for name, weight in draws.layers((5, 4), (4, 6)).items()}
    return {
        "each level from the dense weights": [
            case(draws.layers((4, 5), (5, 8)), up),
            case(draws.layers((4, 4), (3, 8), (2, 4, 5)), ascending()),
        ],
        "levels in any order": [
            case(draws.layers((4, 5), (5, 8)), down, "falling"),
            case(draws.layers((6, 4), (16,)), repeated, "one level twice"),
            case(draws.layers((6, 4), (16,)), [0.5, 0.9, 0.1], "up and down"),
        ],
        "exact count, ties by order": [
            case(draws.layers((odd[0][0] - 8,), (8,)), [odd[0][1], 0.5]),
            case(draws.layers((odd[1][0] - 8,), (8,)), [odd[1][1], 0.5]),
            case(draws.layers((9,), (4,)), [0.5, 0.25], "6.5 of 13"),
            *(case(draws.layers((count - 2,), (2,)), [part, 0.5]) for count, part in COUNTS),
            case(tied(), [0.25, 0.75, 0.4], "many ties"),
            *(case(draws.many_ties(kind), [0.4, 0.2], "many ties") for kind in kinds),
            case(draws.tied_transposed(), [0.25, 0.6], "many ties, transposed"),
        ],
        "extremes": [
            case(draws.layers((3, 4), (8,)), [], "no levels"),
            case({}, [0.5, 0.9], "no weights"),
            case(draws.layers((3, 4), (8,)), [1.0, 0.0]),
            case(draws.layers((0,), (2, 4)), [0.5, 0.25], "an empty layer"),
            case({"block.2.weight": as_tensor([-0.5])}, [0.0, 1.0]),
            case(draws.layers((), (2, 2), ()), [0.5, 0.0], "layers without a dimension"),
            case(draws.layers((4, 4), (8,)) | {"last": as_tensor([0.0, -0.0])}, [0.5, 0.05]),
        ],
        "strides and dtypes": [
            case(strided, [0.75, 0.25], "transposed"),
            case(mixed, [0.75, 0.25], "mixed dtypes"),
            *(case(weights, [0.5, 0.4], "mixed, neighbours in float32") for weights in apart),
            case(draws.fine(), [0.75, 0.25], "neighbours in float32"),
            case(draws.fine(SUBNORMAL), [0.75, 0.25], "the smallest numbers"),
            case(draws.fine(HUGE), [0.75, 0.25], "the largest numbers"),
            case(far, [0.75, 0.5], "tiny and huge numbers"),
            case(draws.shared(), [0.3, 0.7], "in one memory"),
            *(case(ends, [0.75, 0.25], note) for ends, note in draws.ends()),
        ],
        "copies of their own": [
            own(draws.layers((4, 5), (8,)), [0.0, 0.5], "level 0"),
            own(draws.layers((4, 5), (8,)), [0.5, 0.25, 0.5], "one level twice"),
        ],
    }


TASK = Exercise(
    id="pruning.sweep",
    title="A sweep without compounding",
    points=6,
    minutes=25,
    difficulty=2,
    objective="Prune to several sparsities, each time from the dense weights.",
    function="sweep",
    cases=_cases,
    mistakes=_MISTAKES,
    form="the dense weights are kept",
    forbids=("torch.nn.utils.prune", "torch.ao.pruning"),
)
