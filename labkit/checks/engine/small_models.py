"""Configurations of models of transformers, so small that they are built at once."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import BartConfig, GPT2Config, RobertaConfig


def gpt2(blocks: int) -> "GPT2Config":
    """GPT-2 with `blocks` blocks of width 4."""
    from transformers import GPT2Config

    return GPT2Config(
        vocab_size=7,
        n_positions=6,
        n_embd=4,
        n_layer=blocks,
        n_head=2,
        bos_token_id=0,
        eos_token_id=0,
    )


def roberta(blocks: int) -> "RobertaConfig":
    """RoBERTa with `blocks` blocks of width 4."""
    from transformers import RobertaConfig

    return RobertaConfig(
        vocab_size=7,
        hidden_size=4,
        num_hidden_layers=blocks,
        num_attention_heads=2,
        intermediate_size=6,
        max_position_embeddings=6,
    )


def bart(encoder: int, decoder: int) -> "BartConfig":
    """BART with `encoder` and `decoder` blocks of width 4."""
    from transformers import BartConfig

    return BartConfig(
        vocab_size=7,
        d_model=4,
        encoder_layers=encoder,
        decoder_layers=decoder,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=6,
        decoder_ffn_dim=6,
        max_position_embeddings=6,
    )
