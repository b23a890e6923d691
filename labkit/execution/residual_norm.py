"""A residual sum and the norm of it in one pass over memory, where a module computes both."""

from __future__ import annotations

import functools
from array import array

import torch
from torch import nn

from labkit.execution import machine_code
from labkit.execution.own_code import heard, of_transformers, replaced
from labkit.execution.plain_tensors import address, derivatives_wanted

LOOPS = "labkit.execution.norm_loops"
"""The module that is compiled."""

OUTPUTS = ("BertOutput", "BertSelfOutput", "RobertaOutput", "RobertaSelfOutput")
"""Classes of transformers that compute `LayerNorm(dropout(dense(x)) + residual)`."""

TASK_WORK = 1 << 15
"""Numbers that are worth one more thread."""


def use(model: nn.Module) -> int:
    """Let modules of `OUTPUTS` in `model` do so, in place; returns how many do."""
    if machine_code.problem(LOOPS):
        return 0
    found = 0
    for module in model.modules():
        if type(module).__name__ in OUTPUTS and of_transformers(module):
            module.forward = functools.partial(_forward, module)
            found += 1
    return found


def leave(model: nn.Module) -> None:
    """Take back what `use` did, in place."""
    for module in model.modules():
        if getattr(module.__dict__.get("forward"), "func", None) is _forward:
            del module.forward


@torch.compiler.disable  # as `attention.attention`
def sum_and_norm(x: torch.Tensor, residual: torch.Tensor, norm: nn.LayerNorm) -> torch.Tensor:
    """`norm(x + residual)`.

    Args:
        x: … × width, float32 on the CPU.
        residual: of the same shape.
        norm: over the last dimension, with weight and bias.

    Returns:
        … × width.
    """
    x, residual = x.contiguous(), residual.contiguous()
    y, width = torch.empty_like(x), x.shape[-1]
    tokens = x.numel() // width if width else 0
    if not tokens:
        return y
    threads = min(torch.get_num_threads(), 1 + x.numel() // TASK_WORK)
    epsilon = array("f", [norm.eps])
    tensors = x, residual, y, norm.weight, norm.bias
    given = [address(tensor) for tensor in tensors]
    machine_code.run(LOOPS, threads, [*given, tokens, width, epsilon.buffer_info()[0]])
    return y


def _forward(
    module: nn.Module, hidden_states: torch.Tensor, input_tensor: torch.Tensor
) -> torch.Tensor:
    """What a module of `OUTPUTS` computes, by torch where anything is uncommon."""
    norm, dropout = module.LayerNorm, module.dropout
    common = type(norm) is nn.LayerNorm and type(dropout) is nn.Dropout and not dropout.training
    watched = any(heard(part) or replaced(part) for part in (norm, dropout))
    if not common or watched or machine_code.problem(LOOPS):
        return type(module).forward(module, hidden_states, input_tensor)
    return norm_of_sum(module.dense(hidden_states), input_tensor, norm)


def norm_of_sum(x: torch.Tensor, residual: torch.Tensor, norm: nn.LayerNorm) -> torch.Tensor:
    """`norm(x + residual)`: `sum_and_norm`, or by torch where that does not take these."""
    if not _fits(norm, x, residual):
        return norm(x + residual)
    return sum_and_norm(x, residual, norm)


def _fits(norm: nn.LayerNorm, *tensors: torch.Tensor) -> bool:
    parameters = norm.weight, norm.bias
    if any(p is None or not p.is_contiguous() for p in parameters):
        return False
    alike = tensors[0].shape == tensors[1].shape and norm.normalized_shape == tensors[0].shape[-1:]
    given = *parameters, *tensors
    if not alike or derivatives_wanted(*given):
        return False
    return all(t.dtype == torch.float32 and t.device.type == "cpu" for t in given)
