"""The exercise `weights.prunable`: the names of the matrices inside the blocks of a model.

Its text promises any module, in any mode: lists at any depth, layers
and lists of classes of their own, layers that are elements of a list, parameters frozen, equal,
empty, or in one memory.
"""

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake
from labkit.checks.engine.quiet import quiet
from labkit.checks.engine.small_models import bart, gpt2, roberta
from labkit.checks.engine.value_cases import Case
from labkit.checks.weights import models
from labkit.checks.weights.draws import Draws

if TYPE_CHECKING:
    from torch import nn


def _collect(
    model: "nn.Module",
    *,
    kinds: tuple[str, ...] = ("Linear", "Conv1D"),
    parts: tuple[str, ...] = ("weight",),
    inside: Callable[[str, tuple[str, ...]], bool] = str.startswith,
    tied: bool = False,
    shared: bool = False,
    key: Callable[["nn.Parameter"], object] = id,
    chosen: Callable[[str, "nn.Module"], bool] = lambda name, module: True,
    lists: Callable[["nn.Module"], bool] | None = None,
) -> list[str]:
    """Names of the prunable weights; each argument but the first turns it into a mistake.

    `inside` tells by its name whether a module is in one of the lists, whose names end in a dot.
    """
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    types = tuple({"Linear": nn.Linear, "Conv1D": Conv1D}[kind] for kind in kinds)
    paths = _lists(model, lists)
    names, seen = [], set()
    for name, module in model.named_modules(remove_duplicate=not shared):
        if not isinstance(module, types) or not inside(name, paths) or not chosen(name, module):
            continue
        for part in parts:
            parameter = getattr(module, part)
            if parameter is not None and (tied or key(parameter) not in seen):
                seen.add(key(parameter))
                names.append(f"{name}.{part}")
    return names


def _lists(
    model: "nn.Module", which: Callable[["nn.Module"], bool] | None = None
) -> tuple[str, ...]:
    from torch import nn

    which = which or (lambda module: isinstance(module, nn.ModuleList))
    return tuple(f"{name}." if name else "" for name, m in model.named_modules() if which(m))


def _values(parameter: "nn.Parameter") -> tuple:
    return tuple(parameter.shape), tuple(parameter.flatten().tolist())


def _walk(
    model: "nn.Module", *, remembers: bool = False, prefixed: bool = True, shared: bool = False
) -> list[str]:
    """List by list, also lists within lists; what was seen is forgotten at the next list."""
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    names = []
    for path, blocks in model.named_modules():
        if not isinstance(blocks, nn.ModuleList):
            continue
        seen = set()
        prefix = path if prefixed else ""
        for name, module in blocks.named_modules(prefix=prefix, remove_duplicate=not shared):
            if isinstance(module, nn.Linear | Conv1D) and id(module.weight) not in seen:
                if remembers:
                    seen.add(id(module.weight))
                names.append(f"{name}.weight")
    return names


def _parameters(model: "nn.Module", matrices: bool) -> list[str]:
    """Names of all parameters (or all matrices) inside the lists of blocks."""
    return [
        name
        for name, parameter in model.named_parameters()
        if name.startswith(_lists(model)) and (parameter.ndim == 2 or not matrices)
    ]


_MISTAKES = (
    Mistake(
        "only nn.Linear",
        "GPT-2 keeps its matrices in transformers' Conv1D, which is no nn.Linear",
        lambda model: _collect(model, kinds=("Linear",)),
    ),
    Mistake(
        "the head included",
        "linear layers outside the lists of blocks (head, pooler) are not pruned",
        lambda model: _collect(model, inside=lambda name, lists: True),
    ),
    Mistake(
        "a number in the name",
        "the parts of an nn.Sequential have numbers too: ask whether an nn.ModuleList is around a "
        "layer",
        lambda model: _collect(
            model, inside=lambda name, lists: any(part.isdigit() for part in name.split("."))
        ),
    ),
    Mistake(
        "a name that begins alike",
        "what is inside the list 'h' begins with 'h.', a 'head' does not: compare with the dot",
        lambda model: _collect(
            model,
            inside=lambda name, lists: name.startswith(tuple(path[:-1] for path in lists)),
        ),
    ),
    Mistake(
        "biases included",
        "only the weight of a layer is pruned, its bias is not",
        lambda model: _collect(model, parts=("weight", "bias")),
    ),
    Mistake(
        "every parameter of the blocks",
        "biases and LayerNorm are in the blocks too, and are not pruned: look at the module's type",
        lambda model: _parameters(model, matrices=False),
    ),
    Mistake(
        "every matrix of the blocks",
        "an embedding table has two dimensions too: look at the module's type",
        lambda model: _parameters(model, matrices=True),
    ),
    Mistake(
        "names sorted as strings",
        "sorted() puts block 10 before block 2; keep the order of the modules",
        lambda model: sorted(_collect(model)),
    ),
    *(
        Mistake(
            "classes compared",
            "a subclass of nn.Linear or of nn.ModuleList is one too: isinstance() says so, and "
            "type() and names do not",
            answer,
        )
        for answer in (
            lambda model: _collect(
                model, chosen=lambda name, m: type(m).__name__ in ("Linear", "Conv1D")
            ),
            lambda model: _collect(model, lists=lambda m: type(m).__name__ == "ModuleList"),
        )
    ),
    Mistake(
        "frozen ones left out",
        "a weight that requires no gradients is in the blocks all the same",
        lambda model: _collect(model, chosen=lambda name, m: m.weight.requires_grad),
    ),
    Mistake(
        "layers in the list itself",
        "an element of the list may be a linear layer: named_modules() begins with the module",
        lambda model: _collect(
            model,
            inside=lambda name, lists: (
                name.rpartition(".")[0] + "." not in lists and name.startswith(lists)
            ),
        ),
    ),
    *(
        Mistake(
            "equal taken for the same",
            "two tensors with the same numbers, or none, are two: compare with `is`, or by id()",
            lambda model, key=key: _collect(model, key=key),
        )
        for key in (_values, lambda parameter: parameter.data_ptr())
    ),
    *(
        Mistake(
            "tied weights counted twice",
            "two names may stand for one tensor, and a list may stand inside a list: list each "
            "tensor once, under the first of its names",
            answer,
        )
        for answer in (
            lambda model: _collect(model, tied=True),
            lambda model: _collect(model, tied=True, shared=True),
            _walk,
            lambda model: _walk(model, shared=True),
            lambda model: _walk(model, remembers=True),
        )
    ),
    *(
        Mistake(
            "tensors compared by their values",
            "`in` a list and == compare tensors entry by entry: ask whether it is the same tensor, "
            "with a set of id(tensor)",
            error=error,
        )
        for error in ("Boolean value of Tensor", "must match the size of tensor")
    ),
    Mistake(
        "names within the list",
        "a name starts at the model: named_modules(prefix=...) of a list puts its own name first",
        lambda model: _walk(model, remembers=True, prefixed=False),
    ),
    Mistake(
        "names of modules",
        "the weight of the module h.0.mlp is called h.0.mlp.weight",
        lambda model: [name.removesuffix(".weight") for name in _collect(model)],
    ),
)


def _cases(draw: Random) -> Groups:
    """Inputs of `prunable_names(model)`."""
    import torch
    from torch import nn
    from transformers import (
        BartModel,
        GPT2LMHeadModel,
        GPT2Model,
        RobertaForSequenceClassification,
        RobertaModel,
    )

    draws = Draws(draw)
    number = draws.random.randint

    def case(model: "nn.Module", note: str) -> Case:
        shown = f"a small {type(model).__name__}"
        return Case((model,), _collect(model), note, shown=shown)

    # New models draw random weights, and transformers may warn of how small they are: the student's
    # own random numbers stay as they are, and nothing is said.
    with torch.random.fork_rng(devices=[]), quiet():
        several = number(11, 13)
        headed = models.blocks(draws, 2)
        headed["head"] = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 2))
        alike = models.blocks(draws, 2)
        alike[f"{list(alike)[1]}_head"] = nn.Linear(4, 2)
        return {
            "the matrices of the blocks": [
                case(RobertaModel(roberta(number(2, 3)), add_pooling_layer=False), "RoBERTa"),
                case(GPT2Model(gpt2(number(2, 3))), "GPT-2"),
                case(BartModel(bart(number(1, 2), number(2, 3))), "BART"),
                case(models.blocks(draws, number(2, 5)), "small blocks"),
                case(models.odd(draws), "layers in lists, and classes of their own"),
                case(
                    models.blocks(draws, 3).requires_grad_(False).eval(), "frozen, and evaluating"
                ),
                case(
                    nn.ModuleDict({"deep": nn.ModuleDict({"er": models.blocks(draws, 2)})}), "deep"
                ),
            ],
            "blocks in numeric order": [
                case(GPT2Model(gpt2(several)), f"{several} blocks"),
                case(models.blocks(draws, several + 1), f"{several + 1} blocks"),
            ],
            "tied ones once": [
                case(
                    models.tied(models.blocks(draws, 3), 0, number(1, 2)),
                    "two blocks share a weight",
                ),
                case(
                    models.shared(models.blocks(draws, 4), number(0, 1), number(2, 3)),
                    "a block stands twice",
                ),
                case(models.nested(models.blocks(draws, 2)), "a list of layers in each block"),
                case(models.twins(models.blocks(draws, 3)), "equal weights that are not the same"),
            ],
            "nothing else": [
                case(GPT2LMHeadModel(gpt2(2)), "language modelling head, tied to the embeddings"),
                case(RobertaForSequenceClassification(roberta(2)), "classification head"),
                case(headed, "a head of several layers"),
                case(alike, "a head that is named after the list"),
                case(models.blocks(draws, 2, table=True), "an embedding table in each block"),
                case(nn.ModuleDict({"head": nn.Linear(3, 2)}), "no blocks"),
            ],
        }


TASK = Exercise(
    id="weights.prunable",
    title="The prunable matrices",
    objective="Collect the weight matrices of a transformer's blocks by the type of their modules.",
    function="prunable_names",
    cases=_cases,
    mistakes=_MISTAKES,
    form="the model is kept",
    points=6,
    minutes=20,
    difficulty=2,
)
