"""Results that stay in bfloat16 from one sparse layer to what reads them: half of the memory."""

from __future__ import annotations

from operator import attrgetter

import torch
from torch import nn

from labkit.execution import attention
from labkit.execution.processor import bfloat16_matrices
from labkit.execution.sparse_layer import SparseLinear

FEED_FORWARDS = {
    "GPT2MLP": ("c_fc", "c_proj"),
    **dict.fromkeys(("BartEncoderLayer", "BartDecoderLayer"), ("fc1", "fc2")),
    **dict.fromkeys(("BertLayer", "RobertaLayer"), ("intermediate.dense", "output.dense")),
}
"""Classes of transformers: the layer whose activated result goes to the next layer alone."""

ATTENTION = {
    "GPT2Attention": (("c_attn",), "c_proj"),
    "BartAttention": (("q_proj", "k_proj", "v_proj"), "out_proj"),
    **dict.fromkeys(
        ("BertAttention", "RobertaAttention"),
        (("self.query", "self.key", "self.value"), "output.dense"),
    ),
}
"""Classes of transformers: layers whose results go to the attention alone, and who reads its."""


def link(model: nn.Module, matrices: bool | None = None) -> int:
    """Let results between sparse layers of precision bfloat16 stay in it, in place; how many do.

    All layers of a link have to be sparse ones by the kernel, without hooks.  In a feed-forward the
    activation has to be within the first one: nothing else then reads its result.  Attention is
    computed in bfloat16, by `scaled_dot_product_attention`, where the processor has instructions
    for matrices in it.

    Args:
        model: with sparse layers, activations fused (`activations.fuse`).
        matrices: whether it has them; default: ask the processor.
    """
    matrices = bfloat16_matrices() if matrices is None else matrices
    linked = 0
    for module in model.modules():
        if not type(module).__module__.startswith("transformers."):
            continue
        name = type(module).__name__
        if name in FEED_FORWARDS:
            first, second = (attrgetter(path)(module) for path in FEED_FORWARDS[name])
            if _ready(first, second) and first.activation:
                linked += _keep(first)
        if name in ATTENTION and matrices and _fused_attention(model):
            before, after = ATTENTION[name]
            layers = [attrgetter(path)(module) for path in before]
            if _ready(*layers, attrgetter(after)(module)) and _alone(module):
                linked += _keep(*layers)
    return linked


def _ready(*layers: nn.Module) -> bool:
    return all(
        isinstance(layer, SparseLinear)
        and (layer.method, layer.precision) == ("kernel", "bfloat16")
        and not (layer._forward_hooks or layer._forward_pre_hooks)
        for layer in layers
    )


def _alone(module: nn.Module) -> bool:
    """Whether the keys come from these layers: GPT-2's cross-attention asks with another one."""
    return not hasattr(module, "q_attn")


def _fused_attention(model: nn.Module) -> bool:
    # Compiled attention leaves what is not float32 to torch's.
    return getattr(model.config, "_attn_implementation", "") in (attention.TORCHS, attention.NAME)


def _keep(*layers: SparseLinear) -> int:
    for layer in layers:
        layer.result = torch.bfloat16
    return len(layers)
