"""The exercise `pruning.apply`: masks put on a copy of a model.

Its text promises any module, in any mode: parameters of any floating-point dtype, shape, strides
and name, frozen, equal and tied ones, any numbers in them, and masks of any strides.
"""

import copy
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any

from labkit.checks.engine.exercise import Exercise, Verdict
from labkit.checks.engine.judge import Groups, Mistake, judge
from labkit.checks.engine.mask_cases import Masks
from labkit.checks.engine.quiet import quiet
from labkit.checks.engine.trial import Trial
from labkit.checks.engine.value_cases import Case
from labkit.checks.pruning import model_looks
from labkit.checks.pruning.models import Models

if TYPE_CHECKING:
    from torch import nn


def _named(model: "nn.Module", masks: Masks) -> dict[str, "nn.Parameter"]:
    parameters = dict(model.named_parameters())
    return {name: parameters[name] for name in masks}


def _right(model: "nn.Module", masks: Masks) -> "nn.Module":
    model = copy.deepcopy(model)
    for name, parameter in _named(model, masks).items():
        parameter.data[~masks[name]] = 0.0
    return model


def _multiplied(model: "nn.Module", masks: Masks) -> "nn.Module":
    model = copy.deepcopy(model)
    for name, parameter in _named(model, masks).items():
        parameter.data = parameter.data * masks[name]
    return model


def _swapped(model: "nn.Module", masks: Masks) -> "nn.Module":
    return _right(model, {name: ~mask for name, mask in masks.items()})


def _first_only(model: "nn.Module", masks: Masks) -> "nn.Module":
    return _right(model, dict(list(masks.items())[:1]))


def _others_zeroed(model: "nn.Module", masks: Masks) -> "nn.Module":
    right = _right(model, masks)
    for name, parameter in right.named_parameters():
        if name not in masks:
            parameter.data.zero_()
    return right


def _replaced(requires_grad: bool, thaw: bool = False) -> Callable[..., "nn.Module"]:
    """New parameters take the place of the named ones, each under its first name only."""

    def answer(model: "nn.Module", masks: Masks) -> "nn.Module":
        from torch import nn

        right, new = _right(model, masks), copy.deepcopy(model)
        for name, parameter in _named(right, masks).items():
            path, _, leaf = name.rpartition(".")
            needs = requires_grad and (thaw or parameter.requires_grad)
            setattr(
                new.get_submodule(path), leaf, nn.Parameter(parameter.data, requires_grad=needs)
            )
        return new

    return answer


def _in_mode(training: bool) -> Callable[..., "nn.Module"]:
    return lambda model, masks: _right(model, masks).train(training)


def _frozen(model: "nn.Module", masks: Masks) -> "nn.Module":
    return _right(model, masks).requires_grad_(False)


def _assigned(model: "nn.Module", masks: Masks) -> "nn.Module":
    """A copy that takes over the model's own tensors where there is no mask."""
    right = _right(model, masks)
    for name, parameter in right.named_parameters():
        if name not in masks:
            parameter.data = model.get_parameter(name).data
    return right


def _buffers(model: "nn.Module", masks: Masks) -> "nn.Module":
    right = _right(model, masks)
    for name, parameter in _named(right, masks).items():
        path, _, leaf = name.rpartition(".")
        module = right.get_submodule(path)
        delattr(module, leaf)
        setattr(module, leaf, parameter.data)
    return right


_BOTH = "0.weight 2.weight"
_OWN = "whoever trains the copy changes the model too: copy all of it, with deepcopy, masks or none"
_LOST = "a parameter that is replaced has to require gradients as the one before did"

_MISTAKES = (
    Mistake("kept and pruned swapped", "a mask is True where a weight is kept", _swapped),
    Mistake(
        "multiplied by the mask",
        "NaN times 0 is NaN and -1 times 0 is -0.0: put a zero where the mask is False",
        _multiplied,
    ),
    Mistake(
        "nothing written back",
        "masked_fill and torch.where return a new tensor: it has to be stored in the parameter",
        lambda model, masks: copy.deepcopy(model),
    ),
    Mistake(
        "a part of the model itself",
        _OWN,
        lambda model, masks: _right(model, masks) if masks else model,
    ),
    Mistake("a part of the model itself", _OWN, _assigned),
    Mistake(
        "only the first mask",
        "the loop ends after one mask: look at where the return stands",
        _first_only,
    ),
    Mistake(
        "what has no mask is zeroed",
        "a parameter without a mask keeps its values",
        _others_zeroed,
    ),
    Mistake(
        "ties broken",
        "a new parameter under one name leaves the other names with the old one: change values",
        _replaced(requires_grad=True),
    ),
    *(
        Mistake(
            "another mode",
            "the copy trains or evaluates as the model does: leave eval() and train() to the user",
            _in_mode(training),
        )
        for training in (True, False)
    ),
    Mistake("gradients lost", _LOST, _replaced(requires_grad=False)),
    Mistake("gradients lost", _LOST, _frozen),
    Mistake(
        "frozen parameters thawed",
        "nn.Parameter requires gradients unless told otherwise: keep what the parameter had",
        _replaced(requires_grad=True, thaw=True),
    ),
    Mistake(
        "no parameters any more",
        "a plain tensor in the place of a parameter is neither trained nor saved",
        _buffers,
    ),
    Mistake(
        "in-place change of a leaf",
        "autograd refuses to change a parameter that requires gradients: use torch.no_grad()",
        error="a leaf Variable that requires grad",
    ),
    Mistake(
        "shapes of masks by view",
        "a mask may be transposed: index with it as it is",
        error="view size is not compatible",
    ),
)


def _case(
    look: Callable[[Any, tuple], Any], model: "nn.Module", masks: Masks, note: str = ""
) -> Case:
    return Case(
        (model, masks),
        look(_right(model, masks), (model, masks)),
        note,
        rtol=0,
        atol=0,
        shown=f"a small {type(model).__name__}, masks of {', '.join(masks) or 'nothing'}",
        look=look,
    )


def _cases(draw: Random) -> Groups:
    """Inputs of `apply_masks(model, masks)`."""
    import torch

    models = Models(draw)

    def values(model: "nn.Module", names: str, note: str = "") -> Case:
        return _case(model_looks.values, model, models.masks(model, *names.split()), note)

    def tied(model: "nn.Module", names: str, note: str) -> Case:
        return _case(model_looks.ties, model, models.masks(model, *names.split()), note)

    def transposed(model: "nn.Module") -> Case:
        masks = models.masks(model, "0.weight") | {"2.weight": models.mask(3, 5).t()}
        return _case(model_looks.values, model, masks, "one mask is transposed")

    def gradients(model: "nn.Module", note: str = "") -> Case:
        return _case(model_looks.gradients, model, models.masks(model, *_BOTH.split()), note)

    def trained(model: "nn.Module") -> Case:
        masks = models.masks(model, "0.weight", "1.weight")
        return _case(model_looks.gradients, model, masks, "its parameters have gradients")

    def expanded(model: "nn.Module") -> Case:
        masks = models.masks(model, "2.weight") | {"0.weight": models.mask(1, 4).expand(3, 4)}
        return _case(model_looks.values, model, masks, "one mask repeats its row")

    extreme = {
        "0.weight": torch.zeros(3, 4, dtype=torch.bool),
        "2.weight": torch.ones(5, 3, dtype=torch.bool),
    }
    # New models draw random weights: the student's own random numbers stay as they are.
    with torch.random.fork_rng(devices=[]), quiet():
        return {
            "zeros where the mask is False": [
                values(models.small(), _BOTH),
                transposed(models.small()),
                expanded(models.small()),
                values(models.with_buffers(), "2.weight 0.weight 0.bias", "with buffers"),
                values(models.of_any_kind(), "extra.table twins.1.weight", "other names"),
            ],
            "extremes": [
                _case(model_looks.values, models.small(), {}, "no masks"),
                _case(model_looks.values, models.small(), extreme, "all pruned, all kept"),
                values(models.small().to(torch.bfloat16), _BOTH, "bfloat16"),
                values(models.double(), _BOTH, "float64"),
                values(models.small().half(), _BOTH, "float16"),
                values(models.with_empty(), "0.weight 1.weight", "an empty weight"),
            ],
            "a zero whatever was there": [
                _case(model_looks.signs, *models.odd(), "NaN and inf among the weights")
            ],
            "tied weights stay tied": [
                tied(models.tied(), "words.weight mlp.weight", "tied to the head"),
                tied(models.twice(), "0.0.weight", "a module stands twice"),
                tied(
                    models.gpt2(),
                    "transformer.wte.weight transformer.h.0.mlp.c_fc.weight",
                    "tied to the head",
                ),
            ],
            "parameters as before": [
                gradients(models.small()),
                gradients(models.frozen(), "the first layer is frozen"),
                trained(models.trained()),
                gradients(models.modes(), "one layer in evaluation mode"),
                gradients(models.small().eval(), "in evaluation mode"),
            ],
        }


def _memory(
    exercise: Exercise, trial: Trial, draw: Random, verdicts: tuple[Verdict, ...]
) -> tuple[Verdict, ...]:
    """Where the model is kept: whether what is returned also has a memory of its own."""
    import torch

    *others, kept = verdicts
    if not kept.passed:
        return verdicts
    models = Models(draw)
    with torch.random.fork_rng(devices=[]):
        plain, buffers = models.small(), models.with_buffers()
    groups = {
        kept.name: [
            _case(model_looks.own, plain, {}, "no masks"),
            _case(model_looks.own, buffers, models.masks(buffers, "2.weight"), "with buffers"),
        ]
    }
    kept, _ = judge(trial, groups, exercise.mistakes, exercise.section)
    return (*others, kept)


TASK = Exercise(
    id="pruning.apply",
    title="Masks on a copy of a model",
    points=6,
    minutes=20,
    difficulty=2,
    objective="Apply masks to a copy of a model, and keep its parameters and tied names.",
    function="apply_masks",
    cases=_cases,
    mistakes=_MISTAKES,
    form="the model is kept",
    more=_memory,
    forbids=("torch.nn.utils.prune", "torch.ao.pruning"),
)
