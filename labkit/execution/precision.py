"""The same model in fewer bits: what torch runs in bfloat16 or int8, dense, as one line does it."""

from __future__ import annotations

import copy
import warnings

import torch
from torch import nn

from labkit.errors import InputError

PRECISIONS = ("bfloat16", "int8")


def lower_precision(model: nn.Module, precision: str) -> nn.Module:
    """A copy of a dense float32 model, for inference on the CPU, that computes in fewer bits.

    "bfloat16" is `model.bfloat16()`: everything, with 8 bits of mantissa.  "int8" is torch's
    `quantize_dynamic`: weights of linear layers as int8 with one scale each matrix, activations
    as 8 bits with the range that each batch has; the rest stays float32.  That function knows
    `nn.Linear` only, so GPT-2's `Conv1D` is turned into it first.  Neither gives the same answers
    as float32, and both multiply by zeros as by any other number.

    Raises:
        InputError: another precision, weights that are not float32 on the CPU, or a torch that
            has no int8 products for this processor.
    """
    if precision not in PRECISIONS:
        raise InputError(f"precision {precision!r}: choose {' or '.join(PRECISIONS)}")
    for name, tensor in model.named_parameters():
        if tensor.dtype != torch.float32 or tensor.device.type != "cpu":
            raise InputError(
                f"{name} is {tensor.dtype} on {tensor.device}: start from model.float().cpu()"
            )
    lower = copy.deepcopy(model).eval().requires_grad_(False)
    if precision == "bfloat16":
        return lower.bfloat16()
    if torch.backends.quantized.engine in ("none", ""):
        raise InputError("torch has no int8 products for this processor")
    _conv1d_to_linear(lower)
    from torch.ao.quantization import quantize_dynamic

    with warnings.catch_warnings():  # it is to move to another package, which we do not need
        warnings.simplefilter("ignore")
        return quantize_dynamic(lower, {nn.Linear}, dtype=torch.qint8, inplace=True)


def _conv1d_to_linear(model: nn.Module) -> None:
    from transformers.pytorch_utils import Conv1D

    for name in [name for name, module in model.named_modules() if isinstance(module, Conv1D)]:
        old = model.get_submodule(name)
        inputs, outputs = old.weight.shape
        with torch.device("meta"):
            new = nn.Linear(inputs, outputs)
        new.weight = nn.Parameter(old.weight.t().contiguous(), requires_grad=False)
        new.bias = nn.Parameter(old.bias.detach(), requires_grad=False)
        model.set_submodule(name, new.train(old.training))
