"""The exercise `pruning.apply`: masks put on a copy of a model."""

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from labkit.checks.engine.compare_values import Case, Mistake, judge, show_type
from labkit.checks.engine.exercise import Exercise, Verdict
from labkit.checks.engine.looking import Looking
from labkit.checks.engine.plain_data import same_kind
from labkit.checks.engine.quiet import quiet
from labkit.checks.engine.trial import Failure, Trial
from labkit.checks.pruning.draws import Draws, as_tensor

if TYPE_CHECKING:
    from torch import Tensor, nn

_ID = "pruning.apply"
_SECTION = f"book/02-pruning.md#{_ID}"

Masks = dict[str, "Tensor"]


def _named(model: "nn.Module", masks: Masks) -> dict[str, "nn.Parameter"]:
    parameters = dict(model.named_parameters())
    return {name: parameters[name] for name in masks}


def _right(model: "nn.Module", masks: Masks) -> "nn.Module":
    model = copy.deepcopy(model)
    for name, parameter in _named(model, masks).items():
        parameter.data[~masks[name]] = 0.0
    return model


def _tensors(model: Any) -> list[tuple[str, "Tensor"]]:
    """Parameters and buffers of a module or of what is left of it as data."""
    return [
        *model.named_parameters(remove_duplicate=False),
        *model.named_buffers(remove_duplicate=False),
    ]


def _values(model: Any, arguments: tuple) -> dict[str, "Tensor"]:
    """Parameters and buffers by each of their names."""
    if not same_kind(model, arguments[0]):
        raise Failure(f"it returned {show_type(model)}, expected {show_type(arguments[0])}")
    return {name: tensor.detach().clone() for name, tensor in _tensors(model)}


def _signs(model: Any, arguments: tuple) -> dict[str, "Tensor"]:
    """The values, and which entries have the sign bit set: 0.0 equals -0.0."""
    import torch

    values = _values(model, arguments)
    return values | {f"{name} (sign bit)": torch.signbit(value) for name, value in values.items()}


def _ties(model: Any, arguments: tuple) -> dict[str, Any]:
    """The values, and which names stand for one parameter."""
    values = _values(model, arguments)
    groups: dict[int, list[str]] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        groups.setdefault(id(parameter), []).append(name)
    tied = [" and ".join(names) for names in groups.values() if len(names) > 1]
    return {"tied parameters": "; ".join(tied)} | values


def _gradients(model: Any, arguments: tuple) -> dict[str, Any]:
    """The values, and which parameters require gradients."""
    values = _values(model, arguments)
    flags = {
        f"{name} (requires gradients)": parameter.requires_grad
        for name, parameter in model.named_parameters(remove_duplicate=False)
    }
    return flags | values


def _own(model: Any, arguments: tuple) -> dict[str, Any]:
    """The values, and which names of the copy stand for a memory of the model."""
    values = _values(model, arguments)
    used = {tensor.untyped_storage().data_ptr() for _, tensor in _tensors(arguments[0])}
    shared = [
        name
        for name, tensor in _tensors(model)
        if tensor.numel() and tensor.untyped_storage().data_ptr() in used
    ]
    return {_SHARED: ", ".join(shared) or "none"} | values


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


_SHARED = "tensors that share memory with the model"
_OWN = "whoever trains the copy changes the model too: copy all of it, with deepcopy, masks or none"
_LOST = "a parameter that is replaced has to require gradients as the one before did"

# The mistakes give models; what is judged are descriptions of them.
_MODELS = (
    ("kept and pruned swapped", "a mask is True where a weight is kept", _swapped),
    (
        "multiplied by the mask",
        "NaN times 0 is NaN and -1 times 0 is -0.0: put a zero where the mask is False",
        _multiplied,
    ),
    (
        "nothing written back",
        "masked_fill and torch.where return a new tensor: it has to be stored in the parameter",
        lambda model, masks: copy.deepcopy(model),
    ),
    (
        "a part of the model itself",
        _OWN,
        lambda model, masks: _right(model, masks) if masks else model,
    ),
    ("a part of the model itself", _OWN, _assigned),
    (
        "only the first mask",
        "the loop ends after one mask: look at where the return stands",
        _first_only,
    ),
    (
        "what has no mask is zeroed",
        "a parameter without a mask keeps its values",
        _others_zeroed,
    ),
    (
        "ties broken",
        "a new parameter under one name leaves the other names with the old one: change values",
        _replaced(requires_grad=True),
    ),
    ("gradients lost", _LOST, _replaced(requires_grad=False)),
    ("gradients lost", _LOST, _frozen),
    (
        "frozen parameters thawed",
        "nn.Parameter requires gradients unless told otherwise: keep what the parameter had",
        _replaced(requires_grad=True, thaw=True),
    ),
    (
        "no parameters any more",
        "a plain tensor in the place of a parameter is neither trained nor saved",
        _buffers,
    ),
)


def _mistakes(look: Callable[[Any, tuple], Any]) -> tuple[Mistake, ...]:
    def described(answer: Callable[..., "nn.Module"]) -> Callable[..., Any]:
        return lambda *arguments: look(answer(*arguments), arguments)

    return (
        *(Mistake(name, why, described(answer)) for name, why, answer in _MODELS),
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


class _Models:
    """Models with weights that are no zeros, and masks for some of them."""

    def __init__(self, seed: int) -> None:
        self.draws = Draws(seed, _ID)

    def filled(self, model: "nn.Module") -> "nn.Module":
        for parameter in model.parameters():
            values = self.draws.distinct(parameter.numel())
            parameter.data.copy_(as_tensor(values, tuple(parameter.shape)))
        return model

    def mask(self, *shape: int) -> "Tensor":
        """About half of it True; both values occur."""
        import torch

        count = torch.Size(shape).numel()
        kept = [True, False] + [self.draws.random.random() < 0.5 for _ in range(count - 2)]
        self.draws.random.shuffle(kept)
        return torch.tensor(kept[:count], dtype=torch.bool).reshape(shape)

    def masks(self, model: "nn.Module", *names: str) -> Masks:
        parameters = dict(model.named_parameters())
        return {name: self.mask(*parameters[name].shape) for name in names}

    def small(self) -> "nn.Module":
        from torch import nn

        return self.filled(nn.Sequential(nn.Linear(4, 3), nn.LayerNorm(3), nn.Linear(3, 5)))

    def tied(self) -> "nn.Module":
        from torch import nn

        model = nn.ModuleDict(
            {"words": nn.Embedding(6, 4), "mlp": nn.Linear(4, 4), "head": nn.Linear(4, 6)}
        )
        model["head"].weight = model["words"].weight
        return self.filled(model)


def _check(trial: Trial, seed: int) -> tuple[Verdict, ...]:
    """Verdicts on `apply_masks(model, masks)`."""
    import torch
    from torch import nn
    from transformers import GPT2Config, GPT2LMHeadModel

    models = _Models(seed)

    def judged(
        look: Callable[[Any, tuple], Any], groups: dict[str, list[tuple["nn.Module", Masks, str]]]
    ) -> tuple[Verdict, ...]:
        cases = {
            name: [
                Case(
                    (model, masks),
                    look(_right(model, masks), (model, masks)),
                    note,
                    shown=f"{trial.name}(a small {type(model).__name__}, masks of "
                    f"{', '.join(masks) or 'nothing'})",
                    rtol=0,
                    atol=0,
                )
                for model, masks, note in group
            ]
            for name, group in groups.items()
        }
        return judge(Looking(trial, look), cases, _mistakes(look), _SECTION, "the model is kept")

    # New models draw random weights: the student's own random numbers stay as they are.
    with torch.random.fork_rng(devices=[]), quiet():
        one, two, three = models.small(), models.small(), models.small()
        transposed = models.masks(two, "0.weight", "2.weight")
        transposed["2.weight"] = models.mask(3, 5).t()
        batch = models.filled(nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2)))
        none, everything, half = models.small(), models.small(), models.small().to(torch.bfloat16)
        empty = nn.Sequential(nn.Linear(0, 3), models.filled(nn.Linear(3, 2)))
        empty[0].bias.data.fill_(0.5)
        special = models.small()
        marks = models.masks(special, "0.weight", "2.weight")
        for name, mask in marks.items():
            weight = _named(special, marks)[name].data
            pruned, kept = (~mask).nonzero().tolist(), mask.nonzero().tolist()
            for where in (pruned, kept):
                values = [float("nan"), float("inf"), -0.0, -float("inf")]
                for at, value in zip(where, values, strict=False):
                    weight[tuple(at)] = value
        # One of each for certain, whatever the draw.
        for name in marks:
            marks[name].view(-1)[:3] = torch.tensor([False, False, True])
            with torch.no_grad():
                first = special.get_parameter(name).view(-1)
                first[0], first[1], first[2] = float("nan"), -1.5, float("nan")
        tied, twice = models.tied(), models.small()
        twice = nn.ModuleList([twice, nn.Linear(2, 2), twice])
        gpt2 = models.filled(
            GPT2LMHeadModel(
                GPT2Config(
                    vocab_size=7,
                    n_positions=6,
                    n_embd=4,
                    n_layer=1,
                    n_head=2,
                    bos_token_id=0,
                    eos_token_id=0,
                )
            )
        )
        frozen = models.small()
        frozen[0].requires_grad_(False)
        words = "transformer.wte.weight"
        fc = "transformer.h.0.mlp.c_fc.weight"
        plain = {
            "zeros where the mask is False": [
                (one, models.masks(one, "0.weight", "2.weight"), ""),
                (two, transposed, "one mask is transposed"),
                (batch, models.masks(batch, "2.weight", "0.weight", "0.bias"), "with buffers"),
            ],
            "extremes": [
                (none, {}, "no masks"),
                (
                    everything,
                    {
                        "0.weight": torch.zeros(3, 4, dtype=torch.bool),
                        "2.weight": torch.ones(5, 3, dtype=torch.bool),
                    },
                    "all pruned, all kept",
                ),
                (half, models.masks(half, "0.weight", "2.weight"), "bfloat16"),
                (empty, models.masks(empty, "0.weight", "1.weight"), "an empty weight"),
            ],
        }
        signs = {"a zero whatever was there": [(special, marks, "NaN and inf among the weights")]}
        ties = {
            "tied weights stay tied": [
                (tied, models.masks(tied, "words.weight", "mlp.weight"), "tied to the head"),
                (twice, models.masks(twice, "0.0.weight"), "a module stands twice"),
                (gpt2, models.masks(gpt2, words, fc), "tied to the head"),
            ]
        }
        gradients = {
            "parameters as before": [
                (three, models.masks(three, "0.weight", "2.weight"), ""),
                (frozen, models.masks(frozen, "0.weight", "2.weight"), "the first layer is frozen"),
            ]
        }
        own = {
            "the model is kept": [
                (none, {}, "no masks"),
                (batch, models.masks(batch, "2.weight"), "with buffers"),
            ]
        }
    *first, kept = judged(_values, plain)
    if kept.passed:
        kept, _ = judged(_own, own)
    others = [
        verdict
        for look, groups in ((_signs, signs), (_ties, ties), (_gradients, gradients))
        for verdict in judged(look, groups)[:-1]
    ]
    return (*first, *others, kept)


TASK = Exercise(
    id=_ID,
    lab="pruning",
    title="Masks on a copy of a model",
    points=6,
    minutes=20,
    difficulty=2,
    objective="Apply masks to a copy of a model, and keep its parameters and tied names.",
    section=_SECTION,
    function="apply_masks",
    check=_check,
    forbids=("torch.nn.utils.prune", "torch.ao.pruning"),
)
