"""Every text family that transformers has, walked from its own mappings, without memory."""

from __future__ import annotations

import re
from functools import cache

LAYERS = re.compile(
    r"(n|num|num_hidden|encoder|decoder|num_encoder|num_decoder)_(hidden_)?layers?$"
)


@cache
def names() -> tuple[str, ...]:
    """Model types with a head for text: causal, masked, sequence to sequence or classifying."""
    from transformers.models.auto import modeling_auto as auto

    heads = (
        auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
        auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES,
        auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
        auto.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
    )
    return tuple(sorted({n for head in heads for n in head} & set(auto.MODEL_MAPPING_NAMES)))


def build(name: str):
    """The body of a family with four layers of its usual width, on the device "meta".

    Raises:
        Exception: the family's default configuration is none that its model can be made from, or
            a package is missing.
    """
    import torch
    from transformers import AutoConfig, AutoModel

    config = AutoConfig.for_model(name)
    for field, value in config.to_dict().items():
        if isinstance(value, int) and value > 4 and LAYERS.match(field):
            setattr(config, field, 4)
    with torch.device("meta"):
        return AutoModel.from_config(config)
