"""A tiny sequence classifier of each text family that transformers has, by one rule for all."""

import torch
from transformers import AutoModelForSequenceClassification, PreTrainedConfig
from transformers.models.auto.configuration_auto import CONFIG_MAPPING
from transformers.models.auto.modeling_auto import MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES

_OTHER_INPUTS = {
    "gemma3",
    "layoutlmv2",
    "layoutlmv3",
    "modernvbert",
    "perceiver",
    "qwen3_5",
    "tapas",
}
_OTHER_INPUTS |= {"t5gemma2", "ultravbert", "lilt", "luke", "markuplm", "layoutlm"}
FAMILIES = tuple(
    name for name in MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES if name not in _OTHER_INPUTS
)
"""Families that classify text alone: not those with images, tables or places on a page."""

VOCABULARY = 300

_WIDTHS = {
    "hidden_size d_model n_embd dim embedding_size emb_dim d_embed word_embed_proj_dim": 32,
    "intermediate_size d_ff d_inner n_inner ffn_dim encoder_ffn_dim decoder_ffn_dim hidden_dim dff"
    " moe_intermediate_size shared_expert_intermediate_size feed_forward_size ffn_hidden_size": 64,
    "num_hidden_layers n_layer n_layers num_layers encoder_layers decoder_layers"
    " num_decoder_layers": 2,
    "num_attention_heads n_head n_heads num_heads encoder_attention_heads decoder_attention_heads"
    " num_self_attention_heads num_cross_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim d_kv d_head kv_lora_rank q_lora_rank qk_nope_head_dim qk_rope_head_dim v_head_dim"
    " attention_head_size hidden_size_per_layer_input": 8,
    "num_experts num_local_experts n_routed_experts": 4,
    "num_experts_per_tok moe_topk": 2,
    "n_group topk_group n_shared_experts first_k_dense_replace": 1,
    "vocab_size vocab_size_per_layer_input": VOCABULARY,
    "max_position_embeddings n_positions n_ctx max_sequence_length": 128,
}
_OWN = {
    # What the rule does not reach.
    "canine": {"local_transformer_stride": 16},
    "gpt_neo": {"attention_types": [[["global", "local"], 1]], "window_size": 8},
    "gptj": {"rotary_dim": 4},
    "reformer": {"axial_pos_embds": False, "hash_seed": 0, "attn_layers": ["local", "lsh"]},
}
_NOT = {
    # What the rule would spoil: properties without a setter, sizes that follow from others.
    "falcon": {"head_dim"},
    "funnel": {"num_hidden_layers"},
    "jamba": {"layer_types"},
    "esmc": {"num_key_value_heads"},
    "xlnet": {"max_position_embeddings"},
}


def tiny_config(family: str) -> PreTrainedConfig:
    """The default configuration with small sizes, two labels, and padding where ids end."""
    kind = CONFIG_MAPPING[family]
    there = kind()
    values = {
        name: value
        for names, value in _WIDTHS.items()
        for name in names.split()
        if isinstance(getattr(there, name, None), int) or name in getattr(there, "__dict__", {})
    }
    if getattr(there, "layer_types", None):
        values["layer_types"] = list(there.layer_types)[:2]
    if family == "funnel":
        values["block_sizes"] = [1, 1]
    values = {name: value for name, value in values.items() if name not in _NOT.get(family, ())}
    ids = {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2, "num_labels": 2}
    if there.is_encoder_decoder:
        ids["decoder_start_token_id"] = 2
    return kind(**(values | _OWN.get(family, {}) | ids))


def tiny_classifier(family: str, seed: int = 0) -> torch.nn.Module:
    """A classifier of that configuration, in evaluation mode."""
    torch.manual_seed(seed)
    return AutoModelForSequenceClassification.from_config(tiny_config(family)).eval()
