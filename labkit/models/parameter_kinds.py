"""What a parameter inside a block is: matrices that multiply activations, or something else.

Each parameter of two or more dimensions gets a `Kind`: what it is called, the matrices in it, and
where there are none the reason.  Types and shapes decide; names only where several parameters of
one module differ in nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import torch
    from torch import nn


class Kind(NamedTuple):
    """`parts` says how the parameter is cut into matrices; `reason` why it is left out, or "".

    `parts` is "whole" (one matrix; what follows the first dimension counts as the second), "each"
    (a matrix for each entry of the first dimension), or "" for what is left out.  `transposed`
    matrices are stored (inputs, outputs).
    """

    name: str
    parts: str = ""
    transposed: bool = False
    reason: str = ""


LINEAR, EXPERT, GROUPED, ROUTER = "linear", "expert", "grouped", "router"

_ADAPTERS = ("lora_", "loha_", "lokr_", "adalora_", "ia3_", "vera_", "oft_", "hada_")
_STATE_SPACE = ("A_log", "D", "dt_bias")
_POSITION = {"pos", "position", "positions"}
_BLOCKWISE = ("gate_weight", "proj_weight")  # with three dimensions: RecurrentGemma, Zamba
_HEADS_FIRST = ("q", "k", "v", "r", "r_kernel")  # XLNet, Funnel: inputs x heads x size of a head


def adapter(names: Sequence[str]) -> str | None:
    """The first of the dotted names that is a low-rank adapter's beside a base weight, as peft's.

    Hu et al. 2021, "LoRA", section 4: the weight that multiplies is W + B A, so that neither A, B
    nor W alone says which of its entries is small.
    """
    return next(
        (name for name in names if any(p.startswith(_ADAPTERS) for p in name.split("."))), None
    )


def kind_of(path: Sequence[nn.Module], name: str, parameter: torch.Tensor) -> Kind:
    """The kind of the parameter `name` of the last module in `path`.

    Args:
        path: the modules from the block down to the one that owns the parameter.
        name: as in that module, for example "weight".
        parameter: of two or more dimensions.
    """
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    module = path[-1]
    label = type(module).__name__
    if adapter([name]):
        return _left("adapter", "belongs to an adapter: merge it into its base weight first")
    if _routes(path, parameter):
        return _left(ROUTER, "router: picks experts, multiplies nothing that goes on")
    if isinstance(module, (nn.Embedding, nn.EmbeddingBag)):
        return _left("embedding", "embedding: a table that is looked up")
    if isinstance(module, (nn.Linear, Conv1D)) and name == "weight":
        return Kind(LINEAR, "whole", isinstance(module, Conv1D))
    if isinstance(module, nn.modules.conv._ConvNd) and name == "weight":
        if set(module.kernel_size) == {1} and not module.transposed:
            return Kind("convolution of width 1", "whole")
        return _left("convolution", "convolution kernel wider than one position")
    return _by_name(module, label, name, parameter)


def _by_name(module: nn.Module, label: str, name: str, parameter: torch.Tensor) -> Kind:
    from torch import nn

    lower, shape = name.lower(), tuple(parameter.shape)
    if max(shape) == parameter.numel():
        return _left("vector", "vector: multiplies or adds entry by entry")
    if "bias" in lower and "weight" not in lower:
        return _left("bias", "bias: added, not multiplied")
    if "norm" in label.lower() or "norm" in lower:
        return _left("norm", "norm: scales entry by entry")
    if name in _STATE_SPACE:
        return _left("state space", "coefficients of a state space: multiply entry by entry")
    if "embed" in lower or "embedding" in label.lower():
        return _left("embedding", "embedding: a table that is looked up")
    if _POSITION & {*lower.split("_")} or ("relative" in label.lower() and len(shape) == 2):
        return _left("position", "position table")
    if len(shape) == 3 and _experts(module, label, shape):
        return Kind(EXPERT, "each", _inputs_first(module))
    if len(shape) == 3 and (hasattr(module, "num_groups") or lower.endswith(_BLOCKWISE)):
        return Kind(GROUPED, "each", not lower.endswith("proj_weight"))
    if isinstance(module, nn.MultiheadAttention) or lower.endswith("proj_weight"):
        return Kind("attention", "whole")
    if isinstance(module, nn.RNNBase):
        return Kind("recurrent", "whole")
    if len(shape) == 3 and "attention" in label.lower() and name in (*_HEADS_FIRST, "o"):
        return Kind("attention", "whole", name != "o")
    if shape == (getattr(module, "out_features", None), getattr(module, "in_features", None)):
        return Kind("matrix", "whole")
    return _left("other", f"read by name only: {label} says not how {name} multiplies")


def _left(name: str, reason: str) -> Kind:
    return Kind(name, reason=reason)


def _experts(module: nn.Module, label: str, shape: Sequence[int]) -> bool:
    return "expert" in label.lower() or getattr(module, "num_experts", None) == shape[0]


def _inputs_first(module: nn.Module) -> bool:
    """Whether experts are stored (inputs, outputs): as the module says, else by its shapes."""
    if isinstance(said := getattr(module, "is_transposed", None), bool):
        return said
    up, down = getattr(module, "gate_up_proj", None), getattr(module, "down_proj", None)
    # Twice the inner size never is the inner size: gate and up lie side by side in the outputs.
    return up is not None and down is not None and up.shape[1] == down.shape[2]


def _routes(path: Sequence[nn.Module], parameter: torch.Tensor) -> bool:
    """Whether the weight belongs to a router, or gives each expert beside it a score."""
    labels = [type(module).__name__.lower() for module in path[1:]]
    if any("router" in label or "topkgat" in label for label in labels):
        return True
    if parameter.dim() != 2 or parameter.shape[0] < 2:
        return False
    for around in path[-2:]:
        beside = getattr(around, "experts", None)
        if beside is None or beside is path[-1]:
            continue
        stacked = [p.shape[0] for p in beside.parameters(recurse=False) if p.dim() == 3]
        if parameter.shape[0] in (stacked or [len(list(beside.children()))]):
            return True
    return False
