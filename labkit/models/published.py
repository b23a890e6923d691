"""The architectures of the course's three models, as published on the hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.models import sources

if TYPE_CHECKING:
    from transformers import PreTrainedConfig


def published_config(name: str) -> PreTrainedConfig:
    """The published architecture of `name` with two labels (from the hub's config.json)."""
    from transformers import BartConfig, GPT2Config, RobertaConfig

    shapes = {
        "roberta": lambda: RobertaConfig(
            vocab_size=50265, max_position_embeddings=514, type_vocab_size=1, layer_norm_eps=1e-5
        ),
        "gpt2": lambda: GPT2Config(),
        "bart": lambda: BartConfig(
            d_model=768,
            encoder_layers=6,
            decoder_layers=6,
            encoder_ffn_dim=3072,
            decoder_ffn_dim=3072,
            encoder_attention_heads=12,
            decoder_attention_heads=12,
        ),
    }
    config = shapes[sources.check_name(name)]()
    config.num_labels = 2
    return config
