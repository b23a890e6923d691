"""Run a pruned model faster: layers that hold and multiply only the weights that were kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from labkit.errors import InputError
from labkit.execution import calibration, kernels
from labkit.execution.kernels import Kept
from labkit.execution.weight_readers import replaceable
from labkit.models.parameter_kinds import LINEAR
from labkit.models.prunable import StandIn, check_values
from labkit.pruning.prune import writable_layers

FALLBACK_BREAK_EVEN = 0.8
"""Sparsity from which layers are replaced where nothing is measured (`calibrate=False`)."""


class SparseLinear(nn.Module, StandIn):
    """`x Wᵀ + b` over the kept weights of W: for inference, on the CPU, in float32.

    Takes the place of `nn.Linear` or GPT-2's `Conv1D`, with any leading dimensions and any number
    of tokens.  Its state dict holds the kept weights in compressed sparse rows and loads into any
    sparse layer of the same shape, whatever that one had kept.

    Args:
        layer: the pruned layer; its weights are copied, its bias is shared.
        method: "kernel" (`kernels`; CSR where it cannot run) or "csr" (torch's product).

    Raises:
        InputError: the weights are not float32 on the CPU.
    """

    def __init__(self, layer: nn.Module, method: str = "kernel") -> None:
        super().__init__()
        self.conv1d = not isinstance(layer, nn.Linear)
        for tensor in (layer.weight, layer.bias):
            if tensor is not None:
                _check("weights", tensor)
        weight = layer.weight.detach()
        matrix = kernels.kept(weight.t() if self.conv1d else weight)
        self.in_features, self.out_features = matrix.inputs, matrix.outputs
        self.method = method
        self.register_buffer("values", matrix.values)
        self.register_buffer("columns", matrix.columns)
        self.register_buffer("offsets", matrix.offsets)
        self.register_buffer("bias", None if layer.bias is None else layer.bias.detach())

    @property
    def kept(self) -> Kept:
        """The kept weights; the layer's own memory."""
        return Kept(self.values, self.columns, self.offsets, self.in_features)

    @property
    def weight(self) -> torch.Tensor:
        """The weight as torch's CSR tensor (outputs × inputs); the layer's own memory."""
        return self.kept.csr()

    @property
    def sparsity(self) -> float:
        """The share of weights that pruning removed."""
        return 1 - self.values.numel() / (self.in_features * self.out_features)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Multiply activations (… × inputs); returns … × outputs, contiguous.

        Raises:
            InputError: gradients are asked for, or x or the layer is not float32 on the CPU, or
                x has another number of inputs.
        """
        if torch.is_grad_enabled() and (self.training or x.requires_grad):
            raise InputError(
                "a sparse layer cannot be trained: it has no gradients. Turn the model back with "
                "dense_linear(model), or run it with model.eval() under torch.no_grad()."
            )
        _check("activations", x)
        _check("weights", self.values)
        if x.shape[-1] != self.in_features:
            raise InputError(f"activations end in {x.shape[-1]} inputs, not {self.in_features}")
        csr = self.method == "csr" or kernels.problem()
        multiply = kernels.csr_product if csr else kernels.kernel_product
        y = multiply(x.reshape(-1, self.in_features), self.kept, self.bias)
        return y.view(*x.shape[:-1], self.out_features)

    def to_dense(self) -> nn.Module:
        """The `nn.Linear` or `Conv1D` that this layer stands for, zeros and all."""
        from transformers.pytorch_utils import Conv1D

        with torch.device("meta"):  # no memory for weights that are replaced at once
            if self.conv1d:
                layer = Conv1D(self.out_features, self.in_features)
            else:
                layer = nn.Linear(self.in_features, self.out_features, self.bias is not None)
        weight = self.kept.dense()
        layer.weight = nn.Parameter(weight.t().contiguous() if self.conv1d else weight)
        layer.bias = None if self.bias is None else nn.Parameter(self.bias.clone())
        return layer.train(self.training)

    def extra_repr(self) -> str:
        """What `print(model)` shows."""
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}, sparsity={self.sparsity:.4f}, method={self.method}"
        )

    def _load_from_state_dict(
        self, state: Mapping[str, Any], prefix: str, metadata: Any, strict: bool, *lists: list[str]
    ) -> None:
        """Make room for as many kept weights as come, and refuse what the kernel must not read."""
        names = ("values", "columns", "offsets")
        if all(prefix + name in state for name in names):
            coming = Kept(*(state[prefix + name] for name in names), self.in_features)
            if wrong := _fault(coming, self.out_features):
                lists[-1].append(f"{prefix}offsets and columns {wrong}: not such a sparse layer")
                return
            self.values = self.values.new_empty(coming.values.shape)
            self.columns = self.columns.new_empty(coming.columns.shape)
        super()._load_from_state_dict(state, prefix, metadata, strict, *lists)


class OnePassGELU(nn.GELU):
    """GPT-2's activation in one pass over memory, not the eight of transformers' formula.

    Next to sparse layers those eight are most of what a forward pass costs.  The values agree to
    the last digits of float32.
    """

    def __init__(self) -> None:
        super().__init__("tanh")


def _check(what: str, tensor: torch.Tensor) -> None:
    if tensor.dtype != torch.float32 or tensor.device.type != "cpu":
        raise InputError(
            f"a sparse layer got {what} of {tensor.dtype} on {tensor.device}: it runs float32 on "
            "the CPU. Use model.float().cpu(), or stay with dense layers (dense_linear)."
        )


def _fault(matrix: Kept, outputs: int) -> str:
    """What is wrong with rows from outside, or an empty string: indices are used unchecked."""
    values, columns, offsets, inputs = matrix
    if columns.dtype != torch.int32 or offsets.dtype != torch.int32:
        return "are not int32"
    if offsets.shape != (outputs + 1,) or values.shape != columns.shape or values.ndim != 1:
        return f"have shapes that do not fit {outputs} × {inputs}"
    if offsets[0] != 0 or offsets[-1] != len(values) or (offsets.diff() < 0).any():
        return "do not count the kept weights"
    if len(columns) and (columns.min() < 0 or columns.max() >= inputs):
        return f"point outside {inputs} inputs"
    return ""


@dataclass(frozen=True)
class LayerChoice:
    """What `sparse_linear` decided for one layer.

    `method` is "dense", "kernel" or "csr"; `dense_ms` and `sparse_ms` are the expected times of
    the dense layer and of the best sparse one, and `break_even` is the sparsity from which that
    one pays; NaN where nothing was measured.
    """

    name: str
    outputs: int
    inputs: int
    sparsity: float
    method: str
    dense_ms: float = float("nan")
    sparse_ms: float = float("nan")
    break_even: float = float("nan")


def sparse_linear(
    model: nn.Module, *, tokens: int = 1024, calibrate: bool = True
) -> list[LayerChoice]:
    """Replace, in place, each prunable layer that is sparse enough to be faster that way.

    The model then is for inference: its parameters no longer ask for gradients, and its state
    dict holds the kept weights of each sparse layer.  Where a layer is replaced, GPT-2's activation
    is computed in one pass as well (`OnePassGELU`).  `dense_linear` turns it back.  Layers that
    are sparse already are decided anew, say for another number of tokens.  A weight that several
    modules share stays dense, and so do experts and other matrices outside of `nn.Linear`, and
    layers whose weight a module around them reads (`weight_readers`).

    Args:
        model: a pruned `transformers` model, float32, on the CPU; dense if this raises.
        tokens: how many a forward pass will have, padding included (batch × length): dense and
            sparse layers are compared at that number, on as many threads as torch has now.
        calibrate: compare by measuring, some seconds for each new shape, kept on disk for this
            machine (`labkit.execution.calibration`); else layers are sparse from 80 % on.

    Returns:
        One choice for each prunable layer, in the order of `prunable_layers`.

    Raises:
        InputError: no prunable layers, other weights than float32 on the CPU, or tokens < 1.
    """
    from transformers.activations import NewGELUActivation

    if tokens < 1:
        raise InputError(f"tokens={tokens}: how many a forward pass has, at least 1")
    dense_linear(model)
    modules = model.named_modules(remove_duplicate=False)
    uses = Counter(id(module.weight) for _, module in modules if hasattr(module, "weight"))
    choices, replacements = [], {}
    for layer in writable_layers(model):
        name = layer.name.removesuffix(".weight")
        shape = tuple(layer.weight.shape)
        outputs, inputs = reversed(shape) if layer.transposed else shape
        check_values(layer.name, layer.weight)
        count = layer.weight.numel()
        sparsity = 1 - int(layer.weight.count_nonzero()) / count if count else 0.0
        # Nothing to leave out; what no module of its own multiplies by, an expert's; what several
        # places share, which could not be put back as one; or what others read.
        alone = layer.kind == LINEAR and uses[id(layer.weight)] == 1
        if not count or not alone or not replaceable(model, name):
            choices.append(LayerChoice(name, outputs, inputs, sparsity, "dense"))
            continue
        dense = model.get_submodule(name)
        choice = _choose(name, outputs, inputs, sparsity, tokens, calibrate)
        choices.append(choice)
        if choice.method != "dense":
            replacements[name] = SparseLinear(dense, choice.method).train(dense.training)
    for name, sparse in replacements.items():
        model.set_submodule(name, sparse)
    if replacements:
        _swap(model, NewGELUActivation, OnePassGELU)
        model.requires_grad_(False)
    return choices


def dense_linear(model: nn.Module) -> int:
    """Turn every sparse layer of `model`, in place, into what it stood for; returns how many."""
    from transformers.activations import NewGELUActivation

    found = [(n, m) for n, m in model.named_modules() if isinstance(m, SparseLinear)]
    for name, sparse in found:
        model.set_submodule(name, sparse.to_dense())
    _swap(model, OnePassGELU, NewGELUActivation)
    return len(found)


def _swap(model: nn.Module, old: type[nn.Module], new: type[nn.Module]) -> None:
    """Put a new module of one type in the place of each of another."""
    for name in [name for name, module in model.named_modules() if type(module) is old]:
        model.set_submodule(name, new())


def _choose(
    name: str, outputs: int, inputs: int, sparsity: float, tokens: int, calibrate: bool
) -> LayerChoice:
    if not calibrate:
        fallback = "csr" if kernels.problem() else "kernel"
        method = fallback if sparsity >= FALLBACK_BREAK_EVEN else "dense"
        return LayerChoice(name, outputs, inputs, sparsity, method)
    times = calibration.times(outputs, inputs, tokens)
    method, milliseconds = times.best(sparsity)
    return LayerChoice(
        name,
        outputs,
        inputs,
        sparsity,
        times.choice(sparsity),
        times.dense,
        milliseconds,
        times.break_even(method),
    )
