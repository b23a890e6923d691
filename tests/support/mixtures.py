"""Small models whose weights have other names or cuts on disk than in memory."""

from __future__ import annotations

MIXTURES = ("mixtral", "qwen3_moe", "gpt_oss", "llama4_text")
EXPERTS = 4


def make(name: str, seed: int = 0):
    """A language model (Nomic's: a body) of two blocks of width 32, in evaluation mode."""
    import torch
    import transformers as t

    width = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
    plain = {"vocab_size": 300, "intermediate_size": 64, "max_position_embeddings": 64}
    text = {**width, **plain, "num_key_value_heads": 2}
    small = {**text, "head_dim": 8, "num_experts_per_tok": 2}
    picture = {**width, "intermediate_size": 64, "image_size": 28, "patch_size": 14}
    makers = {
        "mixtral": lambda: t.MixtralForCausalLM(t.MixtralConfig(**text, num_local_experts=EXPERTS)),
        "qwen3_moe": lambda: t.Qwen3MoeForCausalLM(
            t.Qwen3MoeConfig(**small, num_experts=EXPERTS, moe_intermediate_size=24)
        ),
        "gpt_oss": lambda: t.GptOssForCausalLM(t.GptOssConfig(**small, num_local_experts=EXPERTS)),
        "llama4_text": lambda: t.Llama4ForCausalLM(
            t.Llama4TextConfig(**small, num_local_experts=EXPERTS, intermediate_size_mlp=64)
        ),
        "gemma3": lambda: t.Gemma3ForConditionalGeneration(
            t.Gemma3Config(text_config={**text, "head_dim": 8}, vision_config=picture)
        ),
        "nomic_bert": lambda: t.NomicBertModel(t.NomicBertConfig(**width, **plain)),
    }
    torch.manual_seed(seed)
    return makers[name]().eval()
