"""The head of a classifier: whether it was trained for another task, and drawing it anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def other_task(model: PreTrainedModel) -> str:
    """The class that was saved, if its head has the same name as a sequence classifier's; else "".

    Llama and its kin call the head of a token classifier `score` too.
    """
    from transformers.models.auto import modeling_auto as auto

    saved = (model.config.architectures or [""])[0]
    return saved if saved in auto.MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES.values() else ""


def draw(model: PreTrainedModel, seed: int) -> None:
    """Draw the linear layers outside the body as the model's initialisation does."""
    import torch
    from torch import nn

    config = model.config
    std = getattr(config, "initializer_range", None) or getattr(config, "init_std", 0.02)
    body = set(model.base_model.modules())
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.Linear) and module not in body:
                module.weight.normal_(0.0, std, generator=generator)
                if module.bias is not None:
                    module.bias.zero_()
