"""Find the weight matrices of a transformer's blocks, by module type and not by name.

A *stack* is the outermost `nn.ModuleList` of blocks that hold weight matrices.  That finds the
blocks of RoBERTa, GPT-2 and BART, and of BERT, DistilBERT, OPT, Pythia and T5, whatever their
authors called them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labkit.errors import InputError
from labkit.models import recomputed

if TYPE_CHECKING:
    import torch
    from torch import nn

ENCODER, DECODER = "encoder", "decoder"


class StandIn:
    """Marks modules in the place of a prunable layer, whose weights no longer are a matrix."""


@dataclass(frozen=True)
class Layer:
    """One weight matrix and where it stands.

    `stack` is "encoder" or "decoder" (the cross-attention of an encoder-decoder belongs to its
    decoder), or "embeddings" or "head" for those; `block` counts from 0 within the stack, -1
    outside.  `transposed` says that the weight is stored (inputs, outputs), as by GPT-2's
    `Conv1D`, and not (outputs, inputs), as by `nn.Linear`.
    """

    name: str
    stack: str
    block: int
    transposed: bool
    weight: torch.nn.Parameter


def family(model: nn.Module) -> str:
    """One of "encoder", "decoder", "encoder-decoder", from the model's configuration.

    A single stack is a decoder when its architecture is known for causal language modelling and
    not for masked (GPT-2, OPT, Pythia), an encoder otherwise (RoBERTa, BERT).
    """
    from transformers.models.auto import modeling_auto as auto

    config = model.config
    if config.is_encoder_decoder:
        return "encoder-decoder"
    causal = config.model_type in auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
    masked = config.model_type in auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES
    return DECODER if causal and not masked else ENCODER


def prunable_layers(
    model: nn.Module, *, include_embeddings: bool = False, include_head: bool = False
) -> list[Layer]:
    """The prunable weight matrices of `model`, in the order of the blocks as numbers.

    Prunable are the weights of `nn.Linear` and of GPT-2's `Conv1D` inside the transformer
    blocks; never biases or LayerNorm.  A tensor that several modules share is listed once, under
    its first name.  An encoder-decoder lists its encoder first.

    Args:
        model: a `transformers` model.
        include_embeddings: list the embedding tables (token, position) too, before the blocks.
        include_head: list the linear layers outside the blocks (pooler, classifier) too, last.

    Raises:
        InputError: the model has no stack of blocks, so that there is nothing to prune, some of
            its layers are sparse ones already (`sparse_linear`), or compute their weights anew at
            each forward pass (`torch.nn.utils.prune`, `weight_norm`, parametrizations).
    """
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    # Listing the dense layers that are left would pass a part of the model off as all of it.
    if sparse := [name for name, module in model.named_modules() if isinstance(module, StandIn)]:
        raise InputError(
            f"{type(model).__name__} has sparse layers, {sparse[0]} among them: turn them back "
            "first, dense_linear(model)"
        )
    stacks = dict(_stacks(model)) if hasattr(model, "config") else {}
    if not stacks:
        raise InputError(
            f"{type(model).__name__} has no list of blocks with nn.Linear or Conv1D weights: "
            "there is nothing to prune. Pass a transformer model."
        )
    seen: set[int] = set()

    def take(name: str, module: nn.Module, stack: str, block: int) -> Iterator[Layer]:
        weight = module.weight
        if id(weight) not in seen:
            seen.add(id(weight))
            yield Layer(f"{name}.weight", stack, block, isinstance(module, Conv1D), weight)

    inside: list[Layer] = []
    for prefix, (stack, modules) in stacks.items():
        for block, module in enumerate(modules):
            for name, child in module.named_modules(prefix=f"{prefix}.{block}"):
                if isinstance(child, (nn.Linear, Conv1D)):
                    inside += take(name, child, stack, block)
    before: list[Layer] = []
    after: list[Layer] = []
    for name, child in model.named_modules():
        if any(name.startswith(f"{prefix}.") for prefix in stacks):
            continue
        if include_embeddings and isinstance(child, nn.Embedding):
            before += take(name, child, "embeddings", -1)
        elif include_head and isinstance(child, (nn.Linear, Conv1D)):
            after += take(name, child, "head", -1)
    recomputed.check(model, inside)
    return before + inside + after


def prunable_parameters(
    model: nn.Module, *, include_embeddings: bool = False, include_head: bool = False
) -> dict[str, torch.nn.Parameter]:
    """Ordered name → tensor of the prunable weights; see `prunable_layers`.

    The tensors are the model's own, not copies: what is written into them changes the model.
    At full shape these are 84,934,656 weights for RoBERTa-base and for GPT-2, and
    42,467,328 + 56,623,104 for BART-base.
    """
    layers = prunable_layers(
        model, include_embeddings=include_embeddings, include_head=include_head
    )
    return {layer.name: layer.weight for layer in layers}


def block_counts(model: nn.Module) -> dict[str, int]:
    """Number of blocks per stack, for example `{"encoder": 6, "decoder": 6}` for BART-base."""
    counts: dict[str, int] = {}
    for stack, modules in dict(_stacks(model)).values():
        counts[stack] = counts.get(stack, 0) + len(modules)
    return counts


def _stacks(model: nn.Module) -> Iterator[tuple[str, tuple[str, nn.ModuleList]]]:
    """Yield (name, (stack, blocks)), the encoder first."""
    found = list(_outermost_lists(model))
    kind = family(model)
    if kind != "encoder-decoder":
        yield from ((name, (kind, blocks)) for name, blocks in found)
        return
    decoder = set(model.get_decoder().modules())
    in_decoder = [blocks in decoder for _, blocks in found]
    for wanted, stack in ((False, ENCODER), (True, DECODER)):
        for (name, blocks), is_decoder in zip(found, in_decoder, strict=True):
            if is_decoder is wanted:
                yield name, (stack, blocks)


def _outermost_lists(module: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.ModuleList]]:
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    for name, child in module.named_children():
        path = f"{prefix}.{name}" if prefix else name
        if isinstance(child, nn.ModuleList):
            if any(isinstance(inner, (nn.Linear, Conv1D)) for inner in child.modules()):
                yield path, child
        else:
            yield from _outermost_lists(child, path)


def check_values(name: str, tensor: torch.Tensor) -> None:
    """Raise InputError where a weight has a shape but no values, as on the device "meta"."""
    if tensor.is_meta:
        raise InputError(
            f"{name} is on the device meta and has no values: load the weights first "
            "(from_pretrained, load_sparse)"
        )
