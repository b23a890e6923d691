"""BART's layers with each residual sum and the norm of it in one pass (`residual_norm`).

Other than BERT's, they compute both in a `forward` of their own, which has to be written again for
that.  So it is only where the class's is word for word one that this module was written after.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
from typing import Any

import torch
from torch import nn

from labkit.execution import machine_code, residual_norm
from labkit.execution.own_code import heard, of_transformers, replaced

WRITTEN_AFTER = {
    "BartEncoderLayer": ("bcb0301b3fc6f8a4",),
    "BartDecoderLayer": ("e7637ffa58da6b8a",),
}
"""Classes of transformers, and the digests of what their `forward` was (5.23)."""

NORMS = ("self_attn_layer_norm", "encoder_attn_layer_norm", "final_layer_norm")
"""What would be missed in a layer if somebody listened to it or replaced it."""


def use(model: nn.Module) -> int:
    """Let layers of `WRITTEN_AFTER` in `model` do so, in place; returns how many do."""
    if machine_code.problem(residual_norm.LOOPS):
        return 0
    found = 0
    for module in model.modules():
        name = type(module).__name__
        known = name in WRITTEN_AFTER and of_transformers(module)
        if known and digest(type(module).forward) in WRITTEN_AFTER[name]:
            module.forward = functools.partial(_FORWARDS[name], module)
            found += 1
    return found


def leave(model: nn.Module) -> None:
    """Take back what `use` did, in place."""
    for module in model.modules():
        if getattr(module.__dict__.get("forward"), "func", None) in _FORWARDS.values():
            del module.forward


@functools.cache
def digest(function: Any) -> str:
    """What tells the text of a function from others, or an empty string where there is none."""
    try:
        return hashlib.sha256(inspect.getsource(function).encode()).hexdigest()[:16]
    except OSError:  # the source is not there
        return ""


def _encoder_layer(
    module: nn.Module,
    hidden_states: torch.Tensor,
    attention_mask: torch.Tensor | None,
    **kwargs: Any,
) -> torch.Tensor:
    """What a `BartEncoderLayer` computes, by its class where anything is uncommon."""
    if not _common(module, hidden_states):
        return type(module).forward(module, hidden_states, attention_mask, **kwargs)
    attended, _ = module.self_attn(hidden_states, attention_mask=attention_mask, **kwargs)
    x = residual_norm.norm_of_sum(attended, hidden_states, module.self_attn_layer_norm)
    return _feed_forward(module, x)


def _decoder_layer(
    module: nn.Module,
    hidden_states: torch.Tensor,
    attention_mask: torch.Tensor | None = None,
    encoder_hidden_states: torch.Tensor | None = None,
    encoder_attention_mask: torch.Tensor | None = None,
    past_key_values: Any = None,
    use_cache: bool | None = True,
    **kwargs: Any,
) -> torch.Tensor:
    """What a `BartDecoderLayer` computes, by its class where anything is uncommon."""
    if not _common(module, hidden_states):
        given = attention_mask, encoder_hidden_states, encoder_attention_mask, past_key_values
        return type(module).forward(module, hidden_states, *given, use_cache, **kwargs)
    kwargs["past_key_values"] = past_key_values
    attended, _ = module.self_attn(hidden_states, attention_mask=attention_mask, **kwargs)
    x = residual_norm.norm_of_sum(attended, hidden_states, module.self_attn_layer_norm)
    if encoder_hidden_states is not None:
        kwargs["attention_mask"] = encoder_attention_mask
        attended, _ = module.encoder_attn(x, key_value_states=encoder_hidden_states, **kwargs)
        x = residual_norm.norm_of_sum(attended, x, module.encoder_attn_layer_norm)
    return _feed_forward(module, x)


def _feed_forward(module: nn.Module, x: torch.Tensor) -> torch.Tensor:
    y = module.fc2(module.activation_fn(module.fc1(x)))
    return residual_norm.norm_of_sum(y, x, module.final_layer_norm)


def _common(module: nn.Module, x: torch.Tensor) -> bool:
    """Whether nothing is dropped or clamped, and nobody would miss what a norm gets."""
    if module.training or x.dtype != torch.float32 or machine_code.problem(residual_norm.LOOPS):
        return False
    norms = [module._modules[name] for name in NORMS if name in module._modules]
    return all(
        type(norm) is nn.LayerNorm and not heard(norm) and not replaced(norm) for norm in norms
    )


_FORWARDS = {"BartEncoderLayer": _encoder_layer, "BartDecoderLayer": _decoder_layer}
