"""How much a layer or block matters: by the outliers in it, or by what pruning it alone costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from labkit.errors import InputError
from labkit.models.prunable import Layer, prunable_layers
from labkit.pruning.calibrated.block_parts import part_of
from labkit.pruning.calibrated.by_block import collected, working
from labkit.pruning.calibrated.by_magnitude import prune_layerwise
from labkit.pruning.calibrated.inputs import calibrate
from labkit.pruning.calibrated.wanda import Norms, wanda_scores

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

BY: dict[str, Callable[[Layer], tuple]] = {
    "block": lambda layer: (layer.stack, layer.block),
    "part": lambda layer: (layer.stack, layer.block, part_of(layer)),
    "layer": lambda layer: (layer.name,),
}
"""What is pruned together when its importance is measured."""


def block_outliers(
    model: PreTrainedModel,
    sequences: Any,
    *,
    times: float = 5.0,
    tokenizer: PreTrainedTokenizerBase | None = None,
) -> dict[str, float]:
    """Share of each block's scores `|W| · ‖X‖₂` beyond `times` their mean in the block, 0 to 1.

    The layerwise outlier distribution of Yin et al. 2024 (OWL), section 3.2; their layers are
    blocks, so that all matrices of a block get the same number.  The model is not changed.  A
    layer that no token reached has no scores, and takes its block's number.

    Args:
        model: a `transformers` model.
        sequences: as for `calibrate`.
        times: the paper's M, of which it tries 3 to 10.
        tokenizer: where the sequences are texts.

    Returns:
        Layer's name → share; for `allocate`.

    Raises:
        InputError: as `calibrate`; `times` is not above 0; NaN or infinite inputs (layer named).
    """
    import torch

    if not times > 0:
        raise InputError(f"times is {times!r}; it must be above 0, as 5")
    shares: dict[str, float] = {}
    for block in calibrate(model, sequences, tokenizer=tokenizer):
        found = collected(block.see, list(block.layers), Norms)
        scores = [
            wanda_scores(_matrix(layer), found[layer.name].norms()).flatten()
            for layer in block.layers
            if found[layer.name].tokens
        ]
        if scores:
            together = torch.cat(scores)
            share = float((together > times * together.mean()).float().mean())
            shares |= {layer.name: share for layer in block.layers}
    return {layer.name: shares.get(layer.name, 0.0) for layer in prunable_layers(model)}


def _matrix(layer: Layer) -> Any:
    weight = layer.weight.detach()
    return (weight.T if layer.transposed else weight).to(working(weight.dtype))


def sensitivities(
    model: nn.Module, loss: Callable[[], float], sparsity: float = 0.5, *, by: str = "block"
) -> dict[str, float]:
    """By how much the loss rises when one block alone is pruned by magnitude.

    Args:
        model: a `transformers` model; its weights are as before at the end, also after an error.
        loss: measures the model as it is, for example
            `lambda: evaluate_text(model, tokenizer, texts).loss`; it is called once for the dense
            model and once for each block.
        sparsity: what the block is pruned to, each of its layers alike.
        by: "block", "part" (attention and feed-forward of a block apart) or "layer".

    Returns:
        Layer's name → rise of the loss, the same for all that were pruned together; for `allocate`.

    Raises:
        InputError: as `prune_layerwise`, or another `by`.
    """
    if by not in BY:
        raise InputError(f"by is {by!r}; choose from {', '.join(BY)}")
    layers = prunable_layers(model)
    groups: dict[tuple, list[Layer]] = {}
    for layer in layers:
        groups.setdefault(BY[by](layer), []).append(layer)
    dense, rises = loss(), {}
    for group in groups.values():
        kept = [(layer.weight.detach(), layer.weight.detach().clone()) for layer in group]
        try:
            prune_layerwise(model, dict.fromkeys((layer.name for layer in group), sparsity))
            rise = loss() - dense
        finally:
            for weight, values in kept:
                weight.copy_(values)
        rises |= dict.fromkeys((layer.name for layer in group), rise)
    return rises
