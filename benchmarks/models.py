"""Models for the benchmarks, and how torch itself prunes them."""

from __future__ import annotations

from torch import nn


def encoder(width: int, blocks: int, seed: int = 0) -> nn.Module:
    """A RoBERTa of 12 * width² * blocks prunable weights, all distinct in practice."""
    import torch
    from transformers import RobertaConfig, RobertaModel

    heads = max(1, width // 64)
    shape = {"hidden_size": width, "intermediate_size": 4 * width, "num_attention_heads": heads}
    with torch.device("meta"):
        model = RobertaModel(RobertaConfig(vocab_size=100, num_hidden_layers=blocks, **shape))
    model.to_empty(device="cpu").requires_grad_(False)
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        parameter.normal_(0, 0.02, generator=generator)
    return model.eval()


def prune_with_torch(model: nn.Module, sparsity: float) -> None:
    """`global_unstructured` and `remove` over the prunable layers of a model."""
    from torch.nn.utils import prune

    from labkit import prunable_layers

    targets = [
        (model.get_submodule(layer.name.removesuffix(".weight")), "weight")
        for layer in prunable_layers(model)
    ]
    prune.global_unstructured(targets, pruning_method=prune.L1Unstructured, amount=sparsity)
    for module, name in targets:
        prune.remove(module, name)
