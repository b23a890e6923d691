"""Run a pruned model faster: which of its layers become sparse ones, and back."""

from __future__ import annotations

from collections import Counter

import torch
from torch import nn

from labkit.errors import InputError
from labkit.execution import (
    activations,
    attention,
    bart_layers,
    bf16_links,
    own_code,
    residual_norm,
    run_as_one,
)
from labkit.execution.memory import give_back_freed_memory, keep_freed_memory
from labkit.execution.sparse_layer import PRECISIONS, SparseLinear
from labkit.execution.sparse_or_dense import LayerChoice, choose
from labkit.execution.weight_readers import replaceable
from labkit.models.parameter_kinds import LINEAR
from labkit.models.prunable import check_values
from labkit.models.same_memory import place_of
from labkit.pruning.prune import writable_layers


def sparse_linear(
    model: nn.Module,
    *,
    tokens: int = 1024,
    calibrate: bool = True,
    precision: str = "float32",
) -> list[LayerChoice]:
    """Replace, in place, each prunable layer that is sparse enough to be faster that way.

    The model then is for inference: its parameters no longer ask for gradients, and its state dict
    holds the kept weights of each sparse layer.  Where a layer is replaced, the GELU behind it is
    computed within it, or GPT-2's in one pass (`labkit.execution.activations`); layers of one
    feed-forward or one attention run as one (`labkit.execution.run_as_one`); attention itself is
    compiled where that is faster (`labkit.execution.attention`), as are BERT's and BART's
    sums and norms (`residual_norm`, `bart_layers`); and the process keeps memory that activations
    free (`labkit.execution.memory`).  `dense_linear` turns the model back.  Layers that
    are sparse already are decided anew, say for another number of tokens.  A weight that several
    modules share stays dense, and so do experts and other matrices outside of `nn.Linear`, and
    layers whose weight a module around them reads (`weight_readers`).

    Args:
        model: a pruned `transformers` model, float32, on the CPU; dense if this raises.
        tokens: how many a forward pass will have, padding included (batch × length): dense and
            sparse layers are compared at that number, on as many threads as torch has now.
        calibrate: compare by measuring, some seconds for each new shape, kept on disk for this
            machine (`labkit.execution.calibration`); else layers are sparse from 80 % on.
        precision: "float32", or "bfloat16": sparse layers round activations to bfloat16 as they
            multiply, with the error that `SparseLinear` states, and between layers that allow it
            results stay in bfloat16 (`labkit.execution.bf16_links`).  Weights stay float32, and
            so do norms, residual sums and dense layers.

    Returns:
        One choice for each prunable layer, in the order of `prunable_layers`.

    Raises:
        InputError: no prunable layers, other weights than float32 on the CPU, tokens < 1, or
            another precision.
    """
    if tokens < 1:
        raise InputError(f"tokens={tokens}: how many a forward pass has, at least 1")
    if precision not in PRECISIONS:
        raise InputError(f"precision {precision!r}: choose {' or '.join(PRECISIONS)}")
    dense_linear(model)
    modules = model.named_modules(remove_duplicate=False)
    weights = (getattr(module, "weight", None) for _, module in modules)
    # A parametrization has modules under this name.
    uses = Counter(place_of(weight) for weight in weights if isinstance(weight, torch.Tensor))
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
        alone = layer.kind == LINEAR and uses[place_of(layer.weight)] == 1
        if not count or not alone or not replaceable(model, name):
            choices.append(
                LayerChoice(name, outputs, inputs, sparsity, "dense", precision=precision)
            )
            continue
        dense = model.get_submodule(name)
        given = name, outputs, inputs, sparsity
        choice = choose(*given, tokens if calibrate else None, precision)
        choices.append(choice)
        if choice.method != "dense":
            replacements[name] = SparseLinear(dense, choice.method, precision)
            replacements[name].train(dense.training)
    for name, sparse in replacements.items():
        model.set_submodule(name, sparse)
    if replacements:
        activations.fuse(model)
        if precision == "bfloat16":
            bf16_links.link(model)
        run_as_one.chain(model)
        attention.use(model)
        residual_norm.use(model)
        bart_layers.use(model)
        model.requires_grad_(False)
        give_back_freed_memory()  # of what was replaced; from here on that of passes is kept
        keep_freed_memory()
    return choices


def dense_linear(model: nn.Module) -> int:
    """Turn every sparse layer of `model`, in place, into what it stood for; returns how many.

    Raises:
        InputError: `model` is a sparse layer itself, in whose place nothing can be put.
    """
    if isinstance(model, SparseLinear):
        raise InputError(
            "this is a sparse layer by itself: turn the model around it back with "
            "dense_linear(model), or take layer.to_dense()"
        )
    run_as_one.unchain(model)
    activations.unfuse(model)
    attention.leave(model)
    residual_norm.leave(model)
    bart_layers.leave(model)
    modules = list(model.named_modules(remove_duplicate=False))
    found = {m: m.to_dense() for _, m in modules if isinstance(m, SparseLinear)}
    for sparse, dense in found.items():
        own_code.hand_over_hooks(sparse, dense)
    for name, module in modules:
        if module in found:
            model.set_submodule(name, found[module])
    return len(found)
