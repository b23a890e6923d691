"""The exercise `pruning.achieved`: how many zeros a model has, and of what.

Its text promises any module, in any mode: parameters of any floating-point dtype, shape, strides
and name, frozen ones, equal ones, tied ones, and different ones in one memory.
"""

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake
from labkit.checks.engine.quiet import quiet
from labkit.checks.engine.value_cases import Case

if TYPE_CHECKING:
    from torch import Tensor, nn


def _share(tensors: list["Tensor"], nonzero: bool = False) -> float:
    total = sum(tensor.numel() for tensor in tensors)
    zeros = sum(int((tensor.detach() == 0).sum()) for tensor in tensors)
    return (total - zeros if nonzero else zeros) / max(total, 1)


def _mean(tensors: list["Tensor"]) -> float:
    return sum(_share([tensor]) for tensor in tensors) / max(len(tensors), 1)


def _achieved(
    model: "nn.Module",
    names: list[str],
    *,
    share: Callable[[list["Tensor"]], float] = _share,
    everything: str = "parameters",
    scale: float = 1.0,
) -> dict[str, float]:
    """The answer; each argument after the first two turns it into a mistake."""
    parameters = dict(model.named_parameters())
    named = [parameters[name] for name in names]
    tied = list(dict(model.named_parameters(remove_duplicate=False)).values())
    chosen = {
        "parameters": list(parameters.values()),
        "tied": tied,
        "named": named,
        "buffers": [*parameters.values(), *model.buffers()],
        "state": list(model.state_dict().values()),
        "trainable": [parameter for parameter in parameters.values() if parameter.requires_grad],
        "matrices": [parameter for parameter in parameters.values() if parameter.ndim > 1],
        "weights": [p for name, p in parameters.items() if name.endswith("weight")],
    }[everything]
    result = {name: _share([tensor]) for name, tensor in zip(names, named, strict=True)}
    if share is not _share and share is not _mean:
        result = {name: share([tensor]) for name, tensor in zip(names, named, strict=True)}
    result |= {"prunable": share(named), "all": share(chosen)}
    return {name: value * scale for name, value in result.items()}


def _mean_all(model: "nn.Module", names: list[str]) -> dict[str, float]:
    """Only the prunable ones averaged, or all of them: this one is the first."""
    return _achieved(model, names) | {"prunable": _achieved(model, names, share=_mean)["prunable"]}


def _named_of_all(model: "nn.Module", names: list[str]) -> dict[str, float]:
    """The zeros of the named weights over all parameters."""
    parameters = dict(model.named_parameters())
    zeros = sum(int((parameters[name] == 0).sum()) for name in names)
    total = sum(parameter.numel() for parameter in parameters.values())
    return _achieved(model, names) | {"all": zeros / max(total, 1)}


def _over_all(model: "nn.Module", names: list[str]) -> dict[str, float]:
    """The zeros of the named weights over all parameters, called prunable."""
    return _achieved(model, names) | {"prunable": _named_of_all(model, names)["all"]}


def _kept(model: "nn.Module", names: list[str]) -> dict[str, float]:
    """One minus the sparsity, also where there are no entries."""
    return {name: 1 - share for name, share in _achieved(model, names).items()}


def _mistake(name: str, explanation: str, **options: object) -> Mistake:
    return Mistake(
        name,
        explanation,
        lambda model, names: _achieved(model, names, **options),  # type: ignore
    )


_MEAN = "layers differ in size: add up the zeros and the weights before dividing"
_TIED = "a tensor with two names is one tensor, and named_parameters() lists it once"
_OUT = "all parameters means all: biases, LayerNorm and embeddings too"

_MISTAKES = (
    Mistake("mean over the layers", _MEAN, _mean_all),
    _mistake("mean over the layers", _MEAN, share=_mean),
    _mistake("tied weights counted twice", _TIED, everything="tied"),
    _mistake(
        "buffers counted",
        "buffers, such as running means, are in state_dict() but are no parameters",
        everything="buffers",
    ),
    _mistake(
        "all of state_dict()",
        "it lists tied weights twice and holds buffers too: go through the parameters",
        everything="state",
    ),
    _mistake(
        "all taken for the named ones",
        "the sparsity of the whole model counts the parameters that are never pruned as well",
        everything="named",
    ),
    _mistake("biases left out", _OUT, everything="matrices"),
    _mistake("biases left out", _OUT, everything="weights"),
    Mistake("share of non-zeros", "sparsity is the fraction of zeros", _kept),
    _mistake(
        "share of non-zeros",
        "sparsity is the fraction of zeros",
        share=lambda tensors: _share(tensors, nonzero=True),
    ),
    Mistake(
        "zeros outside the named ones forgotten",
        "a bias of zeros counts as zeros of the model, whoever put them there",
        _named_of_all,
    ),
    Mistake(
        "prunable ones over all parameters",
        '"prunable" is the share among the named weights: divide by their entries alone',
        _over_all,
    ),
    _mistake(
        "trainable ones only",
        "a parameter that requires no gradients is a parameter of the model too",
        everything="trainable",
    ),
    _mistake("percent", "sparsity runs from 0 to 1", scale=100.0),
    Mistake("0/0", "an empty weight, or no names at all: the sparsity is 0.0", error="by zero"),
)


class _Models:
    """Models with known shares of zeros."""

    def __init__(self, draw: Random) -> None:
        self.random = draw

    def fill(self, parameter: "Tensor", zeros: int) -> None:
        """Exactly `zeros` zeros, some of them negative; the rest are multiples of 1/8."""
        import torch

        count = parameter.numel()
        values = [self.random.choice((0.0, -0.0)) for _ in range(zeros)]
        values += [
            self.random.choice((-1, 1)) * self.random.randint(1, 40) / 8
            for _ in range(count - zeros)
        ]
        self.random.shuffle(values)
        new = torch.tensor(values, dtype=torch.float32).reshape(parameter.shape)
        parameter.data.copy_(new)

    def sparse(self, model: "nn.Module", **zeros: int) -> "nn.Module":
        """All parameters without a zero, but for the named ones: `.` in a name is written `__`."""
        for parameter in model.parameters():
            self.fill(parameter, 0)
        for name, count in zeros.items():
            self.fill(model.get_parameter(name.replace("__", ".")), count)
        return model


def _cases(draw: Random) -> Groups:
    """Inputs of `achieved_sparsity(model, names)`."""
    import torch
    from torch import nn

    models = _Models(draw)
    number = models.random.randint

    def case(model: "nn.Module", names: list[str], note: str = "") -> Case:
        shown = f"a small {type(model).__name__}, {names}"
        return Case((model, names), _achieved(model, names), note, shown=shown)

    def layers() -> "nn.Module":
        """Two named matrices of different sizes; a LayerNorm, biases with a few zeros."""
        model = nn.Sequential(nn.Linear(10, 4), nn.LayerNorm(4), nn.Linear(4, 3))
        many = {"0__weight": number(25, 36), "2__weight": number(2, 4)}
        return models.sparse(model, **many, **{"0__bias": number(1, 3), "1__bias": 2})

    def tied() -> "nn.Module":
        model = nn.ModuleDict(
            {"words": nn.Embedding(9, 4), "mlp": nn.Linear(4, 4), "head": nn.Linear(4, 9)}
        )
        model["head"].weight = model["words"].weight
        return models.sparse(model, mlp__weight=number(9, 13), words__weight=number(1, 2))

    def frozen() -> "nn.Module":
        model = layers()
        model[0].requires_grad_(False)
        model[1].eval()
        return model

    def of_any_kind() -> "nn.Module":
        """Parameters of other names, shapes and strides; equal ones, and two in one memory."""
        attention = nn.MultiheadAttention(4, 2)
        extra = nn.ParameterDict({"scale": torch.zeros(()), "table": torch.zeros(3, 5).t()})
        model = nn.ModuleDict({"mix": attention, "extra": extra, "twin": nn.ParameterList()})
        many = {"mix__in_proj_weight": number(20, 30), "mix__in_proj_bias": number(3, 6)}
        models.sparse(model, **many, extra__table=number(5, 9))
        memory = model["mix"].in_proj_weight.detach().clone()
        for tensor in (memory, memory, memory[3:], memory.clone()):
            model["twin"].append(nn.Parameter(tensor))
        return model

    def small(kind: "torch.dtype", size: float) -> "nn.Module":
        """Numbers next to zero, and some zeros."""
        model = nn.Sequential(nn.Linear(5, 2), nn.Linear(2, 5)).to(kind)
        models.sparse(model, **{"0__weight": 7, "1__weight": number(1, 3)})
        for parameter in model.parameters():
            parameter.data.sign_().mul_(size)
        return model

    # New models draw random weights: the student's own random numbers stay as they are.
    with torch.random.fork_rng(devices=[]), quiet():
        both = ["0.weight", "2.weight"]
        batch = nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
        models.sparse(batch, **{"0__weight": number(15, 20), "2__weight": number(1, 3)})
        halves = layers().to(torch.bfloat16)
        empty = nn.Sequential(nn.Linear(0, 3), nn.Linear(3, 2))
        models.sparse(empty, **{"1__weight": number(3, 5), "0__bias": 1})
        wide = nn.Sequential(nn.Linear(70, 70), nn.Linear(3, 3))
        models.sparse(wide, **{"0__weight": number(4200, 4700), "1__weight": 2})
        full = models.sparse(nn.Sequential(nn.Linear(3, 3, bias=False)), **{"0__weight": 9})
        tiny = models.sparse(nn.Sequential(nn.Linear(5, 2), nn.Linear(2, 5)), **{"0__weight": 7})
        tiny[1].weight.data.mul_(1e-30)
        shared = nn.ModuleList([layers(), nn.Linear(2, 2)])
        models.sparse(shared[1], weight=0)
        shared.append(shared[0])
        bulky = nn.Sequential(nn.Linear(90, 90)).to(torch.bfloat16)
        models.sparse(bulky, **{"0__weight": 4111 + 2 * number(0, 99)})
        any_kind = ["extra.table", "mix.in_proj_bias", "twin.1"]
        return {
            "zeros by layer and together": [
                case(layers(), both),
                case(layers(), both[::-1], "names in another order"),
                case(wide, ["0.weight", "1.weight"], "a large and a small one"),
            ],
            "all parameters, each once": [
                case(tied(), ["mlp.weight"], "the head is tied to the words"),
                case(batch, both, "with buffers"),
                case(shared, ["0.0.weight", "1.weight"], "a module stands twice"),
                case(frozen(), both, "the first layer is frozen"),
                case(of_any_kind(), any_kind, "parameters of other names"),
                case(of_any_kind(), [], "two parameters in one memory, neither is named"),
            ],
            "extremes": [
                case(layers(), [], "no names"),
                case(empty, ["0.weight", "1.weight"], "an empty weight"),
                case(full, ["0.weight"], "all zeros"),
            ],
            "zeros only": [
                case(tiny, ["0.weight", "1.weight"], "tiny weights are no zeros"),
                case(halves, both, "bfloat16"),
                case(bulky, ["0.weight"], "a large one in bfloat16"),
                case(small(torch.float64, 1e-300), ["0.weight"], "float64"),
                case(small(torch.float32, 1e-45), ["0.weight"], "the smallest numbers"),
                case(small(torch.float16, 6e-8), ["0.weight"], "float16"),
            ],
        }


TASK = Exercise(
    id="pruning.achieved",
    title="The sparsity that was reached",
    points=5,
    minutes=15,
    difficulty=1,
    objective="Tell the sparsity of a layer, of the prunable weights and of the whole model apart.",
    function="achieved_sparsity",
    cases=_cases,
    mistakes=_MISTAKES,
    form="the model is kept",
)
