"""Which part of a block a matrix belongs to: attention, feed-forward, or an expert."""

from __future__ import annotations

from labkit.models.prunable import Layer

PARTS = ("attention", "cross-attention", "feed-forward", "expert", "other")

_CROSS = ("crossattention", "cross_attn", "encoder_attn", "encdecattention", "encoder_attention")
_FEED = ("mlp", "ffn", "fc", "feed", "ff", "intermediate", "output", "dense", "lin", "wi", "wo")


def part_of(layer: Layer) -> str:
    """One of `PARTS`, from the modules that the matrix lies in; "other" where no name says it.

    An expert that every token visits (shared) counts as feed-forward, one that tokens are routed
    to as "expert".

    Example:
        >>> layers = prunable_layers(model)
        >>> attention = [layer for layer in layers if part_of(layer) == "attention"]
        >>> prune_wanda(model, sequences, allocate_uniformly(attention, 0.5))
    """
    names = [name.lower() for name in layer.parameter.split(".")[:-1]]
    if layer.expert >= 0 or "experts" in names:
        return "expert"
    if any(cross in name for name in names for cross in _CROSS):
        return "cross-attention"
    if layer.kind == "attention" or any("attn" in n or "attention" in n for n in names):
        return "attention"
    if any(name.startswith(_FEED) or "feed_forward" in name or "dense" in name for name in names):
        return "feed-forward"
    return "other"
