"""Find the weight matrices of a transformer's blocks, by module type and not by name."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labkit.errors import InputError
from labkit.models import block_lists, quantised, recomputed
from labkit.models.block_lists import DECODER, ENCODER, family
from labkit.models.parameter_kinds import EXPERT, LINEAR, Kind, adapter, kind_of
from labkit.models.same_memory import place_of

if TYPE_CHECKING:
    import torch
    from torch import nn

__all__ = ["DECODER", "ENCODER", "Layer", "StandIn", "family", "prunable_layers"]


class StandIn:
    """Marks modules in the place of a prunable layer, whose weights no longer are a matrix."""


@dataclass(frozen=True)
class Layer:
    """One weight matrix and where it stands.

    `stack` is "encoder" or "decoder" (the cross-attention of an encoder-decoder belongs to its
    decoder), or "embeddings" or "head" for those; a model with several lists of blocks adds which,
    as "encoder (initial_char_encoder)".  `block` counts from 0 within the stack, -1 outside.
    `transposed` says that the weight is stored (inputs, outputs), as by GPT-2's `Conv1D`, and not
    (outputs, inputs), as by `nn.Linear`.

    `kind` is "linear" for those two.  Any other matrix lies in a parameter of another module, and
    `weight` is a view into it: writing to it changes the model.  `expert` counts the experts of a
    mixture from 0, and the name ends in it ("...experts.down_proj[3]"); -1 elsewhere.
    """

    name: str
    stack: str
    block: int
    transposed: bool
    weight: torch.Tensor
    kind: str = LINEAR
    expert: int = -1

    @property
    def parameter(self) -> str:
        """Name of the parameter that holds the matrix, as `named_parameters` has it."""
        return self.name.partition("[")[0]


@dataclass(frozen=True, eq=False)
class Found:
    """A parameter of two or more dimensions inside a block, and what it is."""

    name: str
    stack: str
    block: int
    parameter: torch.nn.Parameter
    kind: Kind


def prunable_layers(
    model: nn.Module, *, include_embeddings: bool = False, include_head: bool = False
) -> list[Layer]:
    """The prunable weight matrices of `model`, in the order of the blocks as numbers.

    Prunable are the matrices that multiply activations inside the transformer blocks: the weights
    of `nn.Linear` and of GPT-2's `Conv1D`, each expert of a mixture of experts, and the like
    (`parameter_kinds`); never biases, norms, embeddings, routers or convolution kernels
    (`parameter_account` lists what is left out and why).  A tensor that several modules share is
    listed once, under its first name.  An encoder-decoder lists its encoder first.

    Args:
        model: a `transformers` model.
        include_embeddings: list the embedding tables (token, position) too, before the blocks.
        include_head: list the linear layers outside the blocks (pooler, classifier) too, last.

    Raises:
        InputError: the model has no stack of blocks, so that there is nothing to prune, some of
            its layers are sparse ones already (`sparse_linear`) or compute their weights anew at
            each forward pass (`torch.nn.utils.prune`, `weight_norm`, parametrizations), or it has
            adapters (LoRA) or quantised layers, whose weights are codes.
    """
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    found = block_parameters(model)
    inside = [layer for entry in found for layer in _layers(entry)]
    recomputed.check(model, inside)
    before: list[Layer] = []
    after: list[Layer] = []
    seen = {place_of(entry.parameter) for entry in found}
    for name, child in model.named_modules():
        embedding = include_embeddings and isinstance(child, nn.Embedding)
        head = include_head and block_lists.linear(child)
        if (embedding or head) and place_of(child.weight) not in seen:
            seen.add(place_of(child.weight))
            place = "embeddings" if embedding else "head"
            kind = Kind(place if embedding else LINEAR, "whole", isinstance(child, Conv1D))
            (before if embedding else after).extend(
                _layers(Found(f"{name}.weight", place, -1, child.weight, kind))
            )
    return before + inside + after


def block_parameters(model: nn.Module) -> list[Found]:
    """Every parameter of two or more dimensions in the blocks, in their order, shared ones once.

    Raises:
        InputError: as `prunable_layers`.
    """
    # Listing the dense layers that are left would pass a part of the model off as all of it.
    if sparse := [name for name, module in model.named_modules() if isinstance(module, StandIn)]:
        raise InputError(
            f"{type(model).__name__} has sparse layers, {sparse[0]} among them: turn them back "
            "first, dense_linear(model)"
        )
    if name := adapter([name for name, _ in model.named_parameters()]):
        raise InputError(
            f"{type(model).__name__} has adapters beside its base weights, {name} among them: "
            "which weights are small shows only in their sum. Merge them first, "
            "model = model.merge_and_unload()"
        )
    quantised.check(model)
    found: list[Found] = []
    seen: set[Hashable] = set()
    for stack in block_lists.find(model) if hasattr(model, "config") else []:
        for number, parts in enumerate(stack.blocks):
            for prefix, block in parts:
                for name, path, parameter in _walk(block, prefix, ()):
                    if parameter.dim() < 2 or place_of(parameter) in seen:
                        continue
                    seen.add(place_of(parameter))
                    kind = kind_of(path, name.rpartition(".")[2], parameter)
                    found.append(Found(name, stack.name, number, parameter, kind))
    if not any(entry.kind.parts for entry in found):
        raise InputError(
            f"{type(model).__name__} has no list of blocks with nn.Linear or Conv1D weights: "
            "there is nothing to prune. Pass a transformer model."
        )
    return found


def _walk(
    module: nn.Module, name: str, path: tuple[nn.Module, ...]
) -> Iterator[tuple[str, tuple[nn.Module, ...], torch.nn.Parameter]]:
    """Name, modules on the way and parameter, in the order of `named_modules`."""
    path = (*path, module)
    for own, parameter in module.named_parameters(recurse=False):
        yield f"{name}.{own}", path, parameter
    for child_name, child in module.named_children():
        yield from _walk(child, f"{name}.{child_name}", path)


def _layers(found: Found) -> Iterator[Layer]:
    """The matrices of a parameter: itself, a view of two dimensions, or one for each entry."""
    name, weight, kind = found.name, found.parameter, found.kind
    place = (found.stack, found.block, kind.transposed)
    if kind.parts == "whole":
        if weight.dim() > 2 and weight.is_contiguous():
            weight = weight.detach().view(weight.shape[0], -1)
        yield Layer(name, *place, weight, kind.name)
    elif kind.parts == "each":
        for number, part in enumerate(weight.detach()):
            expert = number if kind.name == EXPERT else -1
            yield Layer(f"{name}[{number}]", *place, part, kind.name, expert)


def prunable_parameters(
    model: nn.Module, *, include_embeddings: bool = False, include_head: bool = False
) -> dict[str, torch.Tensor]:
    """Ordered name → tensor of the prunable weights; see `prunable_layers`.

    The tensors are the model's own, or views into its parameters (an expert's), not copies: what
    is written into them changes the model.
    At full shape these are 84,934,656 weights for RoBERTa-base and for GPT-2, and
    42,467,328 + 56,623,104 for BART-base.
    """
    layers = prunable_layers(
        model, include_embeddings=include_embeddings, include_head=include_head
    )
    return {layer.name: layer.weight for layer in layers}


def block_counts(model: nn.Module) -> dict[str, int]:
    """Number of blocks per stack, for example `{"encoder": 6, "decoder": 6}` for BART-base."""
    return {stack.name: len(stack.blocks) for stack in block_lists.find(model)}


def check_values(name: str, tensor: torch.Tensor) -> None:
    """Raise InputError where a weight has no values ("meta"), or not each in its place (sparse)."""
    import torch

    if tensor.layout != torch.strided:
        raise InputError(
            f"{name} is a {tensor.layout} tensor, of which only some entries are in memory: make "
            "it dense first, layer.weight = torch.nn.Parameter(layer.weight.to_dense())"
        )
    if tensor.is_meta:
        raise InputError(
            f"{name} is on the device meta and has no values: load the weights first "
            "(from_pretrained, load_sparse)"
        )
