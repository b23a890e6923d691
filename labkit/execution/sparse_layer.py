"""A layer that holds and multiplies only the weights that were kept."""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from labkit.errors import InputError
from labkit.execution import attention, feed_forward, kernels, plain_tensors, work_ahead
from labkit.execution.kernels import Kept
from labkit.execution.own_code import Done, heard, of_transformers
from labkit.execution.slices import SliceStore
from labkit.models.prunable import StandIn

PRECISIONS = ("float32", "bfloat16")
"""What a sparse layer may compute in."""


class SparseLinear(nn.Module, StandIn):
    """`x Wᵀ + b` over the kept weights of W: for inference, on the CPU.

    Takes the place of `nn.Linear` or GPT-2's `Conv1D`, with any leading dimensions and any number
    of tokens.  Its state dict holds the kept weights in compressed sparse rows and loads into any
    sparse layer of the same shape, whatever that one had kept.  From its first product of many
    tokens on it holds them once more, some 5 bytes each, in the order of that product (`slices`).
    A weight that was removed multiplies nothing: NaN and infinity in an input reach only outputs
    that kept a weight for it, where a dense layer makes NaN of all (0 · ∞).

    Args:
        layer: the pruned layer; its weights are copied, its bias is shared.
        method: "kernel" (`kernels`; CSR where it cannot run) or "csr" (torch's product).
        precision: "float32", or "bfloat16", in which the kernel multiplies activations that are
            rounded to bfloat16 (to nearest, ties to even).  Weights and sums stay float32.  With u
            = 2⁻⁸ an output is within u times the summed magnitudes of its products of the one in
            float32, beside float32's own error (Higham 2002, "Accuracy and Stability of Numerical
            Algorithms", §3.1).  Up to 32 tokens, and by CSR, nothing is rounded.  Above 3.39e38
            activations become infinite; below 2⁻¹²⁶ each is off by up to 2⁻¹³⁴.

    `activation`, which may be set, is computed on the result: "gelu", or "gelu_tanh" (GPT-2's).
    `caller` may name the module and its activation that this stands for (`Done`).
    `result`, which may be set for "bfloat16", is the dtype of the result; bfloat16 rounds it once
    more, by u times its magnitude.  `then` may hold the layer behind it, and
    `beside` those that get the same x: with these it runs as one (`labkit.execution.run_as_one`).

    Raises:
        InputError: another precision, or the weights are not float32 on the CPU.
    """

    activation = ""
    caller: tuple[nn.Module, str] | tuple[()] = ()
    result = torch.float32
    then: tuple[SparseLinear, ...] = ()
    beside: tuple[SparseLinear, ...] = ()

    def __init__(
        self, layer: nn.Module, method: str = "kernel", precision: str = "float32"
    ) -> None:
        super().__init__()
        if precision not in PRECISIONS:
            raise InputError(f"precision {precision!r}: choose {' or '.join(PRECISIONS)}")
        self.precision = precision
        self.conv1d = not isinstance(layer, nn.Linear)
        for tensor in (layer.weight, layer.bias):
            if tensor is not None:
                _check("weights", tensor)
        with torch.inference_mode(False):  # what is written to tensors made within is not counted
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
        return self._checked()[0]

    def _checked(self) -> tuple[Kept, torch.Tensor | None]:
        """The kept weights and the bias as the kernel may read them.

        Raises:
            InputError: they are not float32 on the CPU, or no rows of such a matrix.
        """
        parts = self._buffers.copy()  # all at the same moment: another thread may load others
        tensors = parts["values"], parts["columns"], parts["offsets"], parts["bias"]
        seen = self.__dict__.get("_seen")
        same = seen is not None and all(map(operator.is_, seen[0], tensors))
        if same and seen[2] == plain_tensors.state(tensors, seen[3]):
            return seen[1]
        if self.method == "kernel":
            plain_tensors.refuse_records()
        for tensor in (tensors[0], tensors[3]):
            if tensor is not None:
                _check("weights", tensor)
        for tensor in tensors:
            if tensor is not None:
                plain_tensors.address(tensor)
        count = plain_tensors.counted(tensors)
        state = plain_tensors.state(tensors, count)  # before what is looked at below
        # What was put in their place may have gaps; the kernel reads one after another.
        whole = [None if tensor is None else plain_tensors.whole(tensor) for tensor in tensors]
        own = all(a is b for a, b in zip(whole, tensors, strict=True))
        store = SliceStore() if own else None
        found = Kept(*whole[:3], self.in_features, store), whole[3]
        wrong = found[0].fault(self.out_features)
        if not wrong and found[1] is not None and found[1].numel() != self.out_features:
            wrong = f"have a bias of {tuple(found[1].shape)} for {self.out_features} outputs"
        if wrong:
            raise InputError(
                f"a sparse layer's values, columns and offsets {wrong}: somebody has changed them. "
                "Load its state dict again, or convert the dense model anew."
            )
        if own:
            self.__dict__["_seen"] = tensors, found, state, count
        return found

    @property
    def weight(self) -> torch.Tensor:
        """The weight as torch's CSR tensor (outputs × inputs); the layer's own memory."""
        return self.kept.csr()

    @property
    def sparsity(self) -> float:
        """The share of weights that pruning removed."""
        return 1 - self.values.numel() / (self.in_features * self.out_features)

    @property
    def computes(self) -> str:
        """`activation`, or none where somebody has come between it and the layer since."""
        if not self.activation or not self.caller:
            return self.activation
        done = getattr(*self.caller)
        free = type(done) is Done and not heard(done) and not heard(self)
        return self.activation if free and of_transformers(self.caller[0]) else ""

    @torch.compiler.disable  # as `attention.attention`
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Multiply activations (… × inputs); returns … × outputs, contiguous, of dtype `result`.

        Raises:
            InputError: gradients are asked for, or x or the layer is not float32 on the CPU (or x
                bfloat16 in that precision), or x has another number of inputs.
        """
        if (done := work_ahead.fetch(self, x)) is not None:
            return done
        if self._gradients_wanted(x):
            raise InputError(
                "a sparse layer cannot be trained: it has no gradients. Turn the model back with "
                "dense_linear(model), or run it with model.eval() under torch.no_grad()."
            )
        narrow = self.precision == "bfloat16"
        if not (narrow and x.dtype == torch.bfloat16 and x.device.type == "cpu"):
            _check("activations", x)
        own = self._checked()
        if x.shape[-1] != self.in_features:
            raise InputError(f"activations end in {x.shape[-1]} inputs, not {self.in_features}")
        if self.method == "csr" or kernels.problem():
            flat = x.reshape(-1, self.in_features)
            y = kernels.csr_product(flat, *own, self.computes).to(self.result)
            return y.view(*x.shape[:-1], self.out_features)
        return self._by_kernel(x, narrow, own)

    def _gradients_wanted(self, x: torch.Tensor) -> bool:
        """Whether somebody would wait for gradients of x, or of weights, in vain."""
        if not plain_tensors.followed():
            return False
        layers = self, *self.then, *self.beside
        weights = [layer._buffers[name] for layer in layers for name in ("values", "bias")]
        training = self.training and torch.is_grad_enabled()
        return training or plain_tensors.derivatives_wanted(x, *weights)

    def _by_kernel(
        self, x: torch.Tensor, narrow: bool, own: tuple[Kept, torch.Tensor | None]
    ) -> torch.Tensor:
        """The result, and those of the layers that this one does the work of."""
        then, beside = self.then, self.beside
        together = bool(then or beside) and work_ahead.inside(self)
        # Who opened the call has looked at what stands between the layer and the activation.
        activation = self.activation if together else self.computes
        if together and then:
            (second,) = then
            tokens, threads = math.prod(x.shape[:-1]), torch.get_num_threads()
            width = self.in_features + self.out_features
            if length := feed_forward.panel_length(tokens, width, narrow, threads):
                matrices, biases = zip(own, second._checked(), strict=True)
                given = *matrices, biases, activation, length
                y = feed_forward.product(x, *given, narrow=narrow, dtype=second.result)
                work_ahead.put(second, y, y)
                return y
        layers = beside if together else ()
        given = [own, *[layer._checked() for layer in layers]]
        how = {"narrow": narrow, "dtype": self.result}
        first, *others = kernels.kernel_products(x, given, activation, **how)
        for layer, y in zip(layers, others, strict=True):
            work_ahead.put(layer, x, y)
        return first

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
        text = (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}, sparsity={self.sparsity:.4f}, method={self.method}"
        )
        text += f", precision={self.precision}" if self.precision != "float32" else ""
        return text + (f", activation={self.activation}" if self.activation else "")

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Out of a pickle: the model around this layer may ask for labkit's attention by name."""
        super().__setstate__(state)
        if "transformers" in sys.modules:
            attention.register()

    def _load_from_state_dict(
        self, state: Mapping[str, Any], prefix: str, metadata: Any, strict: bool, *lists: list[str]
    ) -> None:
        """Make room for as many kept weights as come, and refuse what the kernel must not read."""
        names = ("values", "columns", "offsets")
        if all(prefix + name in state for name in names):
            coming = Kept(*(state[prefix + name] for name in names), self.in_features)
            if wrong := coming.fault(self.out_features):
                lists[-1].append(f"{prefix}offsets and columns {wrong}: not such a sparse layer")
                return
            old = self._buffers.copy()  # freed only when all have changed places
            with torch.no_grad():  # in new memory: another thread may still read the old one
                new = {n: old[n].new_empty(state[prefix + n].shape) for n in names}
                self._buffers.update({n: new[n].copy_(state[prefix + n]) for n in names})
        super()._load_from_state_dict(state, prefix, metadata, strict, *lists)


def _check(what: str, tensor: torch.Tensor) -> None:
    if tensor.dtype != torch.float32 or tensor.device.type != "cpu":
        raise InputError(
            f"a sparse layer got {what} of {tensor.dtype} on {tensor.device}: it runs float32 on "
            "the CPU. Use model.float().cpu(), or stay with dense layers (dense_linear)."
        )
