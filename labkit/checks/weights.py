"""The exercises of the lab `weights` and the inputs that they are checked on."""

import math
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from labkit.checks.exercise import Exercise, Verdict, Written
from labkit.checks.judging import Case, Mistake, judge
from labkit.checks.quiet import quiet
from labkit.checks.trial import Trial

if TYPE_CHECKING:
    from torch import Tensor, nn

_PRUNABLE, _SHARE = "weights.prunable", "weights.share_below"
_HISTOGRAM, _KURTOSIS = "weights.histogram", "weights.kurtosis"
_BANDS = "weights.bands"


def _section(id: str) -> str:
    return f"book/01-weights.md#{id}"


class _Draws:
    """Numbers and tensors drawn from a seed, such that each known misconception shows on them."""

    def __init__(self, seed: int, id: str) -> None:
        # With the id: the exercises of one lab do not see the same numbers.
        self.random = random.Random(f"{id} {seed}")

    def eighths(self, count: int, top: int = 40) -> list[float]:
        """`count` multiples of 1/8 up to `top`/8 in size, of either sign: exact in bfloat16."""
        return [self.random.randint(-top, top) / 8 for _ in range(count)]


def _tensor(values: list[float], *shape: int) -> "Tensor":
    import torch

    tensor = torch.tensor(values, dtype=torch.float32, device="cpu")
    return tensor.reshape(shape) if shape else tensor


# The names of the prunable matrices


def _collect(
    model: "nn.Module",
    *,
    kinds: tuple[str, ...] = ("Linear", "Conv1D"),
    parts: tuple[str, ...] = ("weight",),
    outside: bool = False,
    tied: bool = False,
    shared: bool = False,
) -> list[str]:
    """Names of the prunable weights; each argument but the first turns it into a mistake."""
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    types = tuple({"Linear": nn.Linear, "Conv1D": Conv1D}[kind] for kind in kinds)
    lists = _lists(model)
    names, seen = [], set()
    for name, module in model.named_modules(remove_duplicate=not shared):
        if not isinstance(module, types) or not (outside or name.startswith(lists)):
            continue
        for part in parts:
            parameter = getattr(module, part)
            if parameter is not None and (tied or id(parameter) not in seen):
                seen.add(id(parameter))
                names.append(f"{name}.{part}")
    return names


def _lists(model: "nn.Module") -> tuple[str, ...]:
    from torch import nn

    return tuple(
        f"{name}." for name, module in model.named_modules() if isinstance(module, nn.ModuleList)
    )


def _parameters(model: "nn.Module", matrices: bool) -> list[str]:
    """Names of all parameters (or all matrices) inside the lists of blocks."""
    return [
        name
        for name, parameter in model.named_parameters()
        if name.startswith(_lists(model)) and (parameter.ndim == 2 or not matrices)
    ]


_PRUNABLE_MISTAKES = (
    Mistake(
        "only nn.Linear",
        "GPT-2 keeps its matrices in transformers' Conv1D, which is no nn.Linear",
        lambda model: _collect(model, kinds=("Linear",)),
    ),
    Mistake(
        "the head included",
        "linear layers outside the lists of blocks (head, pooler) are not pruned",
        lambda model: _collect(model, outside=True),
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
            "tied weights counted twice",
            "two names may stand for one tensor; list it under the first one only",
            answer,
        )
        for answer in (
            lambda model: _collect(model, tied=True),
            lambda model: _collect(model, tied=True, shared=True),
        )
    ),
    Mistake(
        "names of modules",
        "the weight of the module h.0.mlp is called h.0.mlp.weight",
        lambda model: [name.removesuffix(".weight") for name in _collect(model)],
    ),
)


def _blocks(draws: _Draws, count: int, table: bool = False) -> "nn.ModuleDict":
    """A model of `count` small blocks with both types of matrices, and no head."""
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    def block() -> "nn.ModuleDict":
        parts = {"attention": nn.Linear(3, 4), "norm": nn.LayerNorm(4), "mlp": Conv1D(4, 4)}
        return nn.ModuleDict(parts | ({"positions": nn.Embedding(4, 4)} if table else {}))

    name = draws.random.choice(("layers", "h", "stages"))
    parts = {"words": nn.Embedding(5, 3), name: nn.ModuleList([block() for _ in range(count)])}
    return nn.ModuleDict(parts)


def _tied(model: "nn.ModuleDict", first: int, second: int) -> "nn.ModuleDict":
    blocks = list(model.values())[1]
    blocks[second]["mlp"].weight = blocks[first]["mlp"].weight
    return model


def _shared(model: "nn.ModuleDict", first: int, second: int) -> "nn.ModuleDict":
    blocks = list(model.values())[1]
    blocks[second] = blocks[first]
    return model


def _check_prunable(trial: Trial, seed: int) -> tuple[Verdict, ...]:
    """Verdicts on `prunable_names(model)`."""
    import torch
    from torch import nn
    from transformers import (
        BartConfig,
        BartModel,
        GPT2Config,
        GPT2LMHeadModel,
        GPT2Model,
        RobertaConfig,
        RobertaForSequenceClassification,
        RobertaModel,
    )

    draws = _Draws(seed, _PRUNABLE)
    number = draws.random.randint

    def gpt2(blocks: int) -> GPT2Config:
        return GPT2Config(
            vocab_size=7,
            n_positions=6,
            n_embd=4,
            n_layer=blocks,
            n_head=2,
            bos_token_id=0,
            eos_token_id=0,
        )

    def roberta(blocks: int) -> RobertaConfig:
        return RobertaConfig(
            vocab_size=7,
            hidden_size=4,
            num_hidden_layers=blocks,
            num_attention_heads=2,
            intermediate_size=6,
            max_position_embeddings=6,
        )

    def bart(encoder: int, decoder: int) -> BartConfig:
        return BartConfig(
            vocab_size=7,
            d_model=4,
            encoder_layers=encoder,
            decoder_layers=decoder,
            encoder_attention_heads=2,
            decoder_attention_heads=2,
            encoder_ffn_dim=6,
            decoder_ffn_dim=6,
            max_position_embeddings=6,
        )

    def case(model: "nn.Module", note: str) -> Case:
        shown = f"{trial.name}(a small {type(model).__name__})"
        return Case((model,), _collect(model), note, shown=shown)

    # New models draw random weights, and transformers may warn of how small they are: the student's
    # own random numbers stay as they are, and nothing is said.
    with torch.random.fork_rng(devices=[]), quiet():
        several = number(11, 13)
        headed = _blocks(draws, 2)
        headed["head"] = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 2))
        groups = {
            "the matrices of the blocks": [
                case(RobertaModel(roberta(number(2, 3)), add_pooling_layer=False), "RoBERTa"),
                case(GPT2Model(gpt2(number(2, 3))), "GPT-2"),
                case(BartModel(bart(number(1, 2), number(2, 3))), "BART"),
            ],
            "blocks in numeric order": [
                case(GPT2Model(gpt2(several)), f"{several} blocks"),
                case(_blocks(draws, several + 1), f"{several + 1} blocks"),
            ],
            "tied ones once": [
                case(_tied(_blocks(draws, 3), 0, number(1, 2)), "two blocks share a weight"),
                case(
                    _shared(_blocks(draws, 4), number(0, 1), number(2, 3)), "a block stands twice"
                ),
            ],
            "nothing else": [
                case(GPT2LMHeadModel(gpt2(2)), "language modelling head, tied to the embeddings"),
                case(RobertaForSequenceClassification(roberta(2)), "classification head"),
                case(headed, "a head of several layers"),
                case(_blocks(draws, 2, table=True), "an embedding table in each block"),
                case(nn.ModuleDict({"head": nn.Linear(3, 2)}), "no blocks"),
            ],
        }
    return judge(trial, groups, _PRUNABLE_MISTAKES, _section(_PRUNABLE), "the model is kept")


# The share of small weights


def _share(weight: "Tensor", threshold: float) -> float:
    return _part((weight.abs() < threshold), weight)


def _part(chosen: "Tensor", weight: "Tensor") -> float:
    return int(chosen.sum()) / weight.numel() if weight.numel() else 0.0


_SHARE_MISTAKES = (
    Mistake(
        "signed compare",
        "a large negative weight is not small; compare |w|",
        lambda weight, threshold: _part(weight < threshold, weight),
    ),
    Mistake(
        "at or below",
        "a weight as large as the threshold is not below it: < and not <=",
        lambda weight, threshold: _part(weight.abs() <= threshold, weight),
    ),
    Mistake(
        "count for share",
        "the number of small weights still has to be divided by the number of all",
        lambda weight, threshold: float((weight.abs() < threshold).sum()),
    ),
    Mistake(
        "share above",
        "this is the share of the weights that are not below the threshold",
        lambda weight, threshold: _part(weight.abs() >= threshold, weight),
    ),
    Mistake(
        "percent",
        "a share runs from 0 to 1",
        lambda weight, threshold: 100 * _share(weight, threshold),
    ),
    Mistake(
        "divided by the rows",
        "len() of a matrix is its number of rows; numel() counts all weights",
        lambda weight, threshold: int((weight.abs() < threshold).sum()) / len(weight),
    ),
    Mistake(
        "an average in half precision",
        "a float16 or bfloat16 number holds 2 to 3 digits; count, or average in float32 or more",
        lambda weight, threshold: float((weight.abs() < threshold).to(weight.dtype).mean()),
    ),
    Mistake(
        "0/0",
        "a tensor without weights has the share 0.0",
        lambda weight, threshold: _share(weight, threshold) if weight.numel() else math.nan,
        error="ZeroDivisionError",
    ),
)


def _check_share(trial: Trial, seed: int) -> tuple[Verdict, ...]:
    """Verdicts on `share_below(weight, threshold)`."""
    import torch

    draws = _Draws(seed, _SHARE)

    def between() -> float:
        """A threshold between two multiples of 1/8: no weight is equal to it."""
        return (draws.random.randint(8, 24) + 0.5) / 8

    def drawn(*shape: int) -> "Tensor":
        """Weights of which some are large and negative, and some large and positive."""
        values = [-5.0, -4.5, 4.75, 0.5, *draws.eighths(math.prod(shape) - 4)]
        draws.random.shuffle(values)
        return _tensor(values, *shape)

    def tied(*shape: int) -> Case:
        weight = drawn(*shape)
        threshold = abs(draws.random.choice([w for w in weight.flatten().tolist() if w]))
        return one(weight, threshold, "the threshold is the |w| of a weight")

    def one(weight: "Tensor", threshold: float, note: str = "") -> Case:
        return Case((weight, threshold), _share(weight, threshold), note)

    groups = {
        "the share of small |w|": [
            one(drawn(7), between()),
            one(drawn(4, 6), between()),
            one(drawn(3, 2, 5), between()),
        ],
        "strictly below": [
            tied(8),
            tied(4, 5),
            one(torch.full((6,), -0.5), 0.5, "all equal to the threshold"),
        ],
        "extremes": [
            one(torch.zeros(0), 0.5, "empty"),
            one(torch.zeros(0, 3), 0.5, "empty"),
            one(_tensor([0.0, -0.0, 0.0, 0.25]), 0.0),
            one(_tensor([0.0, -0.0, 0.5, -0.5]), 0.25, "two zeros"),
            one(drawn(4, 5), 1e6, "all below"),
            one(_tensor([-0.5]), 0.75),
        ],
        "strides and dtypes": [
            one(drawn(5, 8).t(), between(), "transposed"),
            one(drawn(4, 10)[:, ::2], between(), "every second column of a matrix"),
            one(drawn(37, 29).to(torch.float16), between()),
            one(drawn(37, 29).to(torch.bfloat16), between()),
        ],
    }
    return judge(trial, groups, _SHARE_MISTAKES, _section(_SHARE))


# The histogram


def _histogram(tensors: "list[Tensor]", edges: "Tensor") -> "Tensor":
    import numpy as np
    import torch

    total = torch.zeros(len(edges) - 1, dtype=torch.int64)
    for tensor in tensors:
        counts, _ = np.histogram(tensor.double().numpy(), edges.double().numpy())
        total += torch.from_numpy(counts.astype(np.int64))
    return total


def _places(
    tensors: "list[Tensor]", edges: "Tensor", right: bool = True, clamp: bool = False
) -> "Tensor":
    """Counts by place among the edges: bins open on the right (or left), the last one as well."""
    import torch

    total = torch.zeros(len(edges) - 1, dtype=torch.int64)
    for tensor in tensors:
        place = torch.bucketize(tensor.double().flatten(), edges, right=right) - 1
        if clamp:
            last = tensor.double().flatten() == edges[-1]
            place = (place - last.long()).clamp(0, len(total) - 1)
        inside = (place >= 0) & (place < len(total))
        total += torch.bincount(place[inside], minlength=len(total))
    return total


def _own_edges(tensors: "list[Tensor]", edges: "Tensor") -> "Tensor":
    """Each tensor is counted in equal bins between its own minimum and maximum."""
    import numpy as np
    import torch

    counts = [np.histogram(tensor.double().numpy(), len(edges) - 1)[0] for tensor in tensors]
    return torch.from_numpy(sum(counts).astype(np.int64))


def _equal_widths(tensors: "list[Tensor]", edges: "Tensor") -> "Tensor":
    low, high, bins = float(edges[0]), float(edges[-1]), len(edges) - 1
    return sum(tensor.double().histc(bins, low, high) for tensor in tensors).long()


_HISTOGRAM_MISTAKES = (
    Mistake(
        "only the last tensor",
        "the counts of the earlier tensors are lost: add to what there is",
        lambda tensors, edges: _histogram(tensors[-1:], edges),
    ),
    *(
        Mistake(
            "densities for counts",
            "a count is a whole number; it is divided neither by the number of weights nor by the "
            "width of the bin",
            answer,
        )
        for answer in (
            lambda tensors, edges: _histogram(tensors, edges) / _histogram(tensors, edges).sum(),
            lambda tensors, edges: (
                _histogram(tensors, edges) / _histogram(tensors, edges).sum() / edges.diff()
            ),
        )
    ),
    Mistake(
        "last bin open",
        "a weight equal to the last edge belongs to the last bin",
        _places,
    ),
    Mistake(
        "bins closed on the right",
        "a weight equal to an inner edge belongs to the bin above it",
        lambda tensors, edges: _places(tensors, edges, right=False),
    ),
    Mistake(
        "outliers in the outer bins",
        "weights below the first edge or above the last one are not counted",
        lambda tensors, edges: _places(tensors, edges, clamp=True),
    ),
    Mistake(
        "edges of each tensor",
        "the given edges hold for all tensors; counts over other bins cannot be added",
        _own_edges,
    ),
    Mistake(
        "bins of equal width",
        "the edges may lie at any distance; histc knows the first and the last only",
        _equal_widths,
    ),
    Mistake(
        "edges rounded",
        "in float32 or less an edge moves, perhaps past a weight; compare in float64",
        lambda tensors, edges: _histogram(tensors, edges.float()),
    ),
    Mistake(
        "float counts",
        "counts are whole numbers: return int64",
        lambda tensors, edges: _histogram(tensors, edges).to(tensors[0].dtype),
    ),
)


def _check_histogram(trial: Trial, seed: int) -> tuple[Verdict, ...]:
    """Verdicts on `streaming_histogram(tensors, edges)`."""
    import torch

    draws = _Draws(seed, _HISTOGRAM)

    def edges(bins: int, shift: float = 0.0) -> "Tensor":
        """Edges at different distances from about -4 to 4, multiples of 1/8 plus `shift`."""
        inner = sorted(draws.random.sample([n for n in range(-28, 29) if n], bins - 1))
        return torch.tensor([-32, *inner, 32], dtype=torch.float64) / 8 + shift

    def inside(*shape: int) -> "Tensor":
        """Weights within the edges; a shift keeps them away from each edge."""
        return _tensor(draws.eighths(math.prod(shape), top=30), *shape)

    def on(places: "Tensor", *counts: int) -> "list[Tensor]":
        """Tensors of weights each of which is equal to an edge, also to the first and the last."""
        values = places.tolist()
        return [_tensor(values + draws.random.choices(values, k=count)) for count in counts]

    def one(tensors: "list[Tensor]", places: "Tensor", note: str = "") -> Case:
        sizes = ", ".join(str(tuple(tensor.shape)) for tensor in tensors)
        shown = f"{trial.name}([tensors of shapes {sizes}], {len(places)} edges)"
        if sum(tensor.numel() for tensor in tensors) <= 4 and len(places) <= 6:
            shown = ""
        return Case((tensors, places), _histogram(tensors, places), note, shown=shown)

    away = 1 / 16
    sharp = torch.tensor([-0.9, -0.3, 0.1, 0.7], dtype=torch.float64)
    narrow = edges(4)
    far = [inside(3, 4), _tensor([-9.0, 50.0, 4.5, -4.25]), inside(5)]
    groups = {
        "counts over all tensors": [
            one([inside(4, 5), inside(12), inside(2, 3, 4)], edges(4, away)),
            one([inside(9), inside(7, 5)], edges(7, away)),
        ],
        "weights on the edges": [
            one(on(narrow, 3, 9), narrow),
            one([_tensor([1.0, 2.0, 2.0])], _tensor([0.0, 1.0, 2.0]).double(), "last edge"),
        ],
        "weights outside are left out": [
            one(far, edges(5, away)),
            one([_tensor([-1.5, 0.5, 7.0])], _tensor([-1.0, 0.0, 1.0]).double()),
        ],
        "extremes": [
            one([], _tensor([-1.0, 0.0, 1.0]).double(), "no tensors"),
            one([torch.zeros(0), torch.zeros(2, 0), inside(6)], edges(3, away), "empty tensors"),
            one([_tensor([0.0, -0.0]), torch.zeros(3, 4)], edges(3, away), "all zeros"),
            one([_tensor([0.5])], _tensor([0.0, 1.0]).double(), "one bin"),
        ],
        "strides and dtypes": [
            one([inside(5, 8).t(), inside(4, 10)[:, ::2]], edges(6, away), "not contiguous"),
            one([inside(6, 8).half(), inside(8).bfloat16(), inside(9)], edges(5, away), "mixed"),
            # In float32 0.7 is below 0.7, and -0.3 and -0.9 are not what they are in float64.
            one([sharp.float(), sharp.float().reshape(2, 2)], sharp, "0.7 in float32 is below 0.7"),
        ],
    }
    return judge(trial, groups, _HISTOGRAM_MISTAKES, _section(_HISTOGRAM))


# The kurtosis


def _kurtosis(
    weight: "Tensor",
    *,
    own: bool = False,
    minus: float = 3.0,
    lost: int = 0,
    centre: bool = True,
    power: float = 2.0,
    safe: bool = True,
) -> float:
    """Excess kurtosis; each argument but the first turns it into a mistake."""
    values = (weight if own else weight.double()).flatten()
    if not values.numel():
        return 0.0 if safe else math.nan
    deviation = values - values.mean() if centre else values
    variance = deviation.pow(2).mean() * (
        values.numel() / (values.numel() - lost) if values.numel() > lost else math.nan
    )
    if safe and not deviation.any():
        return 0.0
    return float(deviation.pow(4).mean() / variance.pow(power)) - minus


_KURTOSIS_MISTAKES = (
    Mistake(
        "3 not subtracted",
        "the fourth moment of a normal distribution is 3, its excess kurtosis 0",
        lambda weight: _kurtosis(weight, minus=0.0),
    ),
    Mistake(
        "divided by n - 1",
        "std() and var() divide by n - 1 unless they are told not to (correction=0)",
        lambda weight: _kurtosis(weight, lost=1),
    ),
    Mistake(
        "mean not removed",
        "moments are taken of the deviations from the mean",
        lambda weight: _kurtosis(weight, centre=False),
    ),
    Mistake(
        "divided by the variance only",
        "the fourth moment is divided by std to the 4th power, the variance squared",
        lambda weight: _kurtosis(weight, power=1.0),
    ),
    Mistake(
        "variance taken for the standard deviation",
        "std is the square root of the variance; the variance has to be squared, no more",
        lambda weight: _kurtosis(weight, power=4.0),
    ),
    Mistake(
        "half precision",
        "the 4th power of a deviation leaves the range of float16; compute in float64",
        lambda weight: _kurtosis(weight, own=True),
    ),
    Mistake(
        "float32 is not enough",
        "the 4th power of a tiny deviation is 0 in float32; compute in float64",
        lambda weight: _kurtosis(weight.float(), own=True),
    ),
    Mistake(
        "0/0",
        "where all weights are equal the variance is 0; the docstring says what to return",
        lambda weight: _kurtosis(weight, safe=False),
        error="ZeroDivisionError",
    ),
)


def _check_kurtosis(trial: Trial, seed: int) -> tuple[Verdict, ...]:
    """Verdicts on `excess_kurtosis(weight)`."""
    import torch

    draws = _Draws(seed, _KURTOSIS)

    def drawn(*shape: int, shift: float = 0.0) -> "Tensor":
        """Weights with one far from the others, so that the kurtosis is no small number."""
        values = [9.0, *draws.eighths(math.prod(shape) - 1, top=16)]
        draws.random.shuffle(values)
        return _tensor(values, *shape) + shift

    def one(weight: "Tensor", note: str = "") -> Case:
        return Case((weight,), _kurtosis(weight), note)

    groups = {
        "fourth moment over squared variance": [
            one(drawn(6, shift=1.5)),
            one(drawn(4, 5, shift=-2.0)),
            one(drawn(3, 2, 5, shift=0.75)),
        ],
        "all equal gives 0": [
            one(torch.full((2, 3), 0.5)),
            one(torch.zeros(4, 2)),
            one(_tensor([-0.5]), "one weight"),
            one(torch.zeros(0), "empty"),
            one(_tensor([0.5, -0.5]), "not equal: the smallest kurtosis there is"),
        ],
        "strides and dtypes": [
            one(drawn(5, 8).t(), "transposed"),
            one(drawn(4, 10)[:, ::2], "every second column of a matrix"),
            one((drawn(4, 6) * 8).half(), "large values"),
            one((drawn(4, 6) / 2**9).half(), "small values"),
            one(drawn(6, 6).bfloat16()),
        ],
        "tiny weights": [
            one(drawn(5, 4) * 2.0**-42),
            one(drawn(12) * 2.0**-45),
        ],
    }
    return judge(trial, groups, _KURTOSIS_MISTAKES, _section(_KURTOSIS))


# Bands of size, block by block


def _band_counts(
    block: "list[Tensor]", small: float, large: float, signed: bool = False, closed: bool = False
) -> list[int]:
    """Weights in each of the three bands; each argument but the first makes it a mistake."""
    counts = [0, 0, 0]
    for tensor in block:
        values = tensor.double() if signed else tensor.double().abs()
        below = [int(((values <= t) if closed else (values < t)).sum()) for t in (small, large)]
        parts = (below[0], below[1] - below[0], values.numel() - below[1])
        counts = [one + other for one, other in zip(counts, parts, strict=True)]
    return counts


def _table(counts: list[list[int]]) -> "Tensor":
    import torch

    return torch.tensor(counts, dtype=torch.float64).reshape(-1, 3)


def _divided(counts: list[list[int]]) -> "Tensor":
    rows = _table(counts)
    return rows / rows.sum(1, keepdim=True).clamp(min=1)


def _bands(blocks: "list[list[Tensor]]", small: float, large: float) -> "Tensor":
    return _divided([_band_counts(block, small, large) for block in blocks])


def _mean_of_tensors(blocks: "list[list[Tensor]]", small: float, large: float) -> "Tensor":
    """The tensors of a block count the same, however many weights they hold."""
    import torch

    rows = [_bands([[t] for t in block if t.numel()], small, large).mean(0) for block in blocks]
    return torch.stack(rows)


def _cumulative(blocks: "list[list[Tensor]]", small: float, large: float) -> "Tensor":
    import torch

    first, second, third = _bands(blocks, small, large).unbind(1)
    return torch.stack([first, first + second, third], dim=1)


def _of_the_model(blocks: "list[list[Tensor]]", small: float, large: float) -> "Tensor":
    counts = _table([_band_counts(block, small, large) for block in blocks])
    return counts / counts.sum()


_BANDS_MISTAKES = (
    Mistake(
        "mean over the tensors",
        "a large matrix counts more than a small one: add up weights, not shares",
        _mean_of_tensors,
    ),
    Mistake(
        "bands that overlap",
        "a weight below the lower threshold is in the first band only",
        _cumulative,
    ),
    Mistake(
        "shares of the whole model",
        "each block is divided by its own number of weights, so that its row adds up to 1",
        _of_the_model,
    ),
    Mistake(
        "signed compare",
        "a large negative weight is not small; compare |w|",
        lambda blocks, small, large: _divided(
            [_band_counts(block, small, large, signed=True) for block in blocks]
        ),
    ),
    Mistake(
        "bands closed on the right",
        "a weight as large as a threshold belongs to the band above it",
        lambda blocks, small, large: _divided(
            [_band_counts(block, small, large, closed=True) for block in blocks]
        ),
    ),
    Mistake(
        "rows and columns swapped",
        "there is one row for each block and one column for each band",
        lambda blocks, small, large: _bands(blocks, small, large).T,
    ),
    Mistake(
        "percent",
        "a share runs from 0 to 1",
        lambda blocks, small, large: 100 * _bands(blocks, small, large),
    ),
    Mistake(
        "counts for shares",
        "each count still has to be divided by the number of weights of its block",
        lambda blocks, small, large: _table(
            [_band_counts(block, small, large) for block in blocks]
        ),
    ),
)


def _check_bands(trial: Trial, seed: int) -> tuple[Verdict, ...]:
    """Verdicts on `band_shares(blocks, small, large)`."""
    import torch

    draws = _Draws(seed, _BANDS)
    number = draws.random.randint

    def between() -> tuple[float, float]:
        """Thresholds between multiples of 1/8: no weight is equal to one."""
        return (number(4, 10) + 0.5) / 8, (number(16, 26) + 0.5) / 8

    def drawn(*shape: int) -> "Tensor":
        return _tensor(draws.eighths(math.prod(shape)), *shape)

    def block(*counts: int) -> "list[Tensor]":
        """A small tensor of large weights, some negative, and larger tensors of any weights."""
        return [_tensor([-5.0, 4.75, -4.5]), *(drawn(2, count) for count in counts)]

    def one(blocks: "list[list[Tensor]]", limits: tuple[float, float], note: str = "") -> Case:
        sizes = "; ".join(", ".join(str(tuple(t.shape)) for t in block) for block in blocks)
        shown = f"{trial.name}(blocks of tensors {sizes or 'none'}, {limits[0]:g}, {limits[1]:g})"
        return Case((blocks, *limits), _bands(blocks, *limits), note, shown=shown)

    def tied() -> "list[Tensor]":
        """Weights that are as large as a threshold, among others."""
        return [_tensor([0.5, -0.5, 2.0, -2.0, *draws.eighths(number(4, 8), top=30)]), drawn(3, 4)]

    groups = {
        "shares of each block": [
            one([block(4, 7), block(6), block(3, 5)], between()),
            one([block(number(4, 9)) for _ in range(number(11, 13))], between(), "many blocks"),
        ],
        "weights at a threshold": [
            one([tied(), tied()], (0.5, 2.0)),
            one([[torch.full((3,), -0.5)], [torch.full((2, 2), 2.0)]], (0.5, 2.0)),
        ],
        "extremes": [
            one([], (0.5, 2.0), "no blocks"),
            one([block(3), [], [torch.zeros(0)]], between(), "blocks without weights"),
            one([[torch.zeros(3), _tensor([-0.0])], [torch.full((4,), -9.0)]], between()),
            one([[_tensor([0.75])]], (0.5, 2.0), "one weight"),
        ],
        "strides and dtypes": [
            one([[drawn(5, 8).t()], [drawn(4, 10)[:, ::2]]], between(), "not contiguous"),
            one([[drawn(37, 29).half(), drawn(8).bfloat16()], [drawn(9)]], between(), "mixed"),
        ],
    }
    return judge(trial, groups, _BANDS_MISTAKES, _section(_BANDS))


def _exercise(
    id: str,
    title: str,
    function: str,
    objective: str,
    check: Callable[[Trial, int], tuple[Verdict, ...]],
    forbids: tuple[str, ...] = ("labkit",),
    **size: Any,
) -> Exercise:
    return Exercise(
        id=id,
        lab="weights",
        title=title,
        objective=objective,
        section=_section(id),
        function=function,
        check=check,
        forbids=forbids,
        **size,
    )


TASKS = (
    _exercise(
        _PRUNABLE,
        "The prunable matrices",
        "prunable_names",
        "Collect the weight matrices of a transformer's blocks by the type of their modules.",
        _check_prunable,
        points=6,
        minutes=20,
        difficulty=2,
    ),
    _exercise(
        _SHARE,
        "How many weights are small",
        "share_below",
        "Measure the share of the weights below a threshold in absolute value.",
        _check_share,
        points=4,
        minutes=10,
        difficulty=1,
    ),
    _exercise(
        _BANDS,
        "Bands of size by block",
        "band_shares",
        "Compare the blocks of a model by how many of their weights are small, medium and large.",
        _check_bands,
        points=5,
        minutes=15,
        difficulty=2,
    ),
    _exercise(
        _HISTOGRAM,
        "A histogram by streaming",
        "streaming_histogram",
        "Count the weights of many tensors in the same bins, one tensor at a time.",
        _check_histogram,
        points=6,
        minutes=20,
        difficulty=2,
    ),
    _exercise(
        _KURTOSIS,
        "Excess kurtosis",
        "excess_kurtosis",
        "Put a number on how heavy the tails of a distribution are.",
        _check_kurtosis,
        forbids=("labkit", "scipy.stats"),
        points=5,
        minutes=15,
        difficulty=2,
    ),
    Written(
        id="weights.reading",
        lab="weights",
        title="What the pictures say",
        points=6,
        minutes=20,
        difficulty=2,
        objective="Say what a weight distribution tells about pruning, and what it does not.",
        section=_section("weights.reading"),
        rubric=(
            (2, "one observation on each of the three models, with a number from the lab's output"),
            (1, "the shape of the whole is told apart from the shape of a single matrix"),
            (2, "what follows for global pruning: which matrices or blocks lose most weights"),
            (
                1,
                "what the pictures cannot say: size alone does not decide whether a weight matters",
            ),
        ),
    ),
)
