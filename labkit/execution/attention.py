"""Attention of a model with sparse layers, compiled: next to them torch's takes most of the time.

transformers finds attention functions by a name in a model's config.  A model that had torch's
("sdpa") gets this one, which does the common case and leaves every other to torch's.
"""

from __future__ import annotations

import functools
from array import array
from typing import Any

import torch
from torch import nn

from labkit.execution import machine_code
from labkit.execution.kernels import FLOATS
from labkit.execution.plain_tensors import address, derivatives_wanted
from labkit.execution.processor import long_vectors

NAME = "labkit"
"""What it is called in `model.config._attn_implementation`."""

TORCHS = "sdpa"
"""The name of torch's."""

FAMILIES = ("bart", "bert", "gpt2", "roberta")
"""Types of models whose code asks for nothing but a function by that name; some others compare it
with "sdpa", and compute something else for a name that they do not know."""

LOOPS = "labkit.execution.attention_loops"
"""The module that is compiled."""

TASK_WORK = 1 << 18
"""Multiplications that are worth one more thread."""


def use(model: nn.Module) -> bool:
    """Let `model` compute its attention here, in place; whether it does from now on.

    Only in models of `FAMILIES`, only in place of torch's, and only where the processor has vectors
    of 512 bits: with shorter ones it is no faster than torch's.
    """
    config = getattr(model, "config", None)
    ours = type(model).__module__.startswith("transformers.")
    known = ours and getattr(config, "model_type", "") in FAMILIES
    if not known or config._attn_implementation != TORCHS or not long_vectors():
        return False
    if machine_code.problem(LOOPS):
        return False
    register()
    config._attn_implementation = NAME
    return True


def leave(model: nn.Module) -> None:
    """Let `model`, and models in it, compute attention by torch again, in place."""
    for module in model.modules():
        config = getattr(module, "config", None)
        if getattr(config, "_attn_implementation", "") == NAME:
            config._attn_implementation = TORCHS


@functools.cache
def register() -> None:
    """Tell transformers about the name; a model that was pickled needs it in the new process."""
    from transformers import AttentionInterface
    from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

    AttentionInterface.register(NAME, _of_model)
    AttentionMaskInterface.register(NAME, sdpa_mask)


@torch.compiler.disable  # which frees tensors that only an address still stands for
def attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None = None,
    *,
    scale: float | None = None,
    causal: bool = False,
) -> torch.Tensor:
    """`softmax(scale · query keyᵀ + mask) value` of each head, on up to torch's number of threads.

    Args:
        query: batch × heads × queries × width, float32 on the CPU.
        key: batch × key heads × keys × width; a key head serves heads / key heads neighbours.
        value: as `key`.
        mask: batch or 1 × heads or 1 × queries × keys; bool, True where a key is seen, or float32,
            which is added.  None: every key is seen.
        scale: default width^-½.
        causal: query i sees only keys 0 to i.

    Returns:
        batch × queries × heads × width, contiguous.  A query that sees no key gets zeros.
    """
    from labkit.execution.attention_loops import LANES, scratch_floats

    batch, heads, queries, width = query.shape
    keys = key.shape[2]
    y = torch.empty(batch, queries, heads, width, **FLOATS)
    if not y.numel():
        return y
    if not keys:
        return y.zero_()
    query, key, value = (t if t.stride(3) == 1 else t.contiguous() for t in (query, key, value))
    mask = None if mask is None else _added(mask)
    tasks = batch * heads * -(-queries // LANES)
    work = 2 * batch * heads * queries * keys * width
    threads = min(torch.get_num_threads(), tasks, 1 + work // TASK_WORK)
    room = scratch_floats(keys, width)
    scratch = torch.empty(threads, room, **FLOATS)
    factor = array("f", [width**-0.5 if scale is None else scale])
    arguments = (
        address(query),
        address(key),
        address(value),
        address(y),
        0 if mask is None else address(mask),
        batch,
        heads,
        heads // key.shape[1],
        queries,
        keys,
        width,
        *(4 * step for tensor in (query, key, value) for step in tensor.stride()[:3]),
        *(_steps(mask) if mask is not None else (0, 0)),
        causal,
        scratch.data_ptr(),
        room,
        factor.buffer_info()[0],
    )
    machine_code.run(LOOPS, threads, arguments)
    return y


def _added(mask: torch.Tensor) -> torch.Tensor:
    """A mask as numbers that are added to scores, keys × queries, contiguous."""
    if mask.dtype == torch.bool:
        mask = torch.zeros(mask.shape, **FLOATS).masked_fill_(~mask, float("-inf"))
    return mask.transpose(2, 3).contiguous()


def _steps(mask: torch.Tensor) -> tuple[int, ...]:
    """Bytes from one batch and one head to the next, 0 where one mask serves all."""
    steps = zip(mask.shape[:2], mask.stride()[:2], strict=True)
    return tuple(4 * step if count > 1 else 0 for count, step in steps)


_UNCOMMON = ("softcap", "position_bias", "cache", "output_attentions")


def _of_model(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    is_causal: bool | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """What transformers calls, with its arguments; torch's function for what is not the common."""
    causal = getattr(module, "is_causal", True) if is_causal is None else is_causal
    tensors = (query, key, value)
    if (
        not dropout
        and all(kwargs.get(name) is None or kwargs[name] is False for name in _UNCOMMON)
        and not derivatives_wanted(*tensors, attention_mask)
        and isinstance(causal, bool)
        and not machine_code.problem(LOOPS)  # a model that was pickled may be elsewhere now
        and _alike(*tensors)
        and (attention_mask is None or _fits(attention_mask, query, key))
    ):
        causal = causal and attention_mask is None
        return attention(*tensors, attention_mask, scale=scaling, causal=causal), None
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    return sdpa_attention_forward(
        module,
        query,
        key,
        value,
        attention_mask,
        dropout=dropout,
        scaling=scaling,
        is_causal=is_causal,
        **kwargs,
    )


def _alike(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> bool:
    """Whether these are what `attention` takes, with more than one query."""
    if any(t.dtype != torch.float32 or t.device.type != "cpu" for t in (query, key, value)):
        return False
    (batch, heads, queries, width), shared = query.shape, key.shape[1]
    alike = key.shape == value.shape and key.shape[0] == batch and key.shape[3] == width
    return alike and queries > 1 and shared > 0 and heads % shared == 0


def _fits(mask: torch.Tensor, query: torch.Tensor, key: torch.Tensor) -> bool:
    if mask.dtype not in (torch.bool, torch.float32) or mask.ndim != 4:
        return False
    wanted = query.shape[0], query.shape[1], query.shape[2], key.shape[2]
    ones = 1, 1, None, None
    return all(n in (want, one) for n, want, one in zip(mask.shape, wanted, ones, strict=True))
