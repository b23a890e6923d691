import pytest
import torch


def _configs():
    import transformers as t

    llama = {
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "vocab_size": 60,
        "pad_token_id": 1,
    }
    bart = {"encoder_layers": 2, "decoder_layers": 2, "d_model": 32, "vocab_size": 60}
    bart |= {"encoder_attention_heads": 2, "decoder_attention_heads": 2, "encoder_ffn_dim": 48}
    gpt2 = {"n_embd": 32, "n_layer": 2, "n_head": 2, "vocab_size": 60, "n_positions": 24}
    return {
        "gpt2": t.GPT2Config(**gpt2, bos_token_id=0, eos_token_id=0, pad_token_id=1),
        "roberta": t.RobertaConfig(
            hidden_size=32,
            intermediate_size=48,
            num_hidden_layers=2,
            num_attention_heads=2,
            vocab_size=60,
            max_position_embeddings=26,
        ),
        "bart": t.BartConfig(**bart, decoder_ffn_dim=48, max_position_embeddings=24),
        "llama": t.LlamaConfig(**llama),
        "mixtral": t.MixtralConfig(**llama, num_local_experts=8, num_experts_per_tok=2),
        "t5": t.T5Config(
            d_model=32,
            d_kv=16,
            d_ff=48,
            num_layers=2,
            num_heads=2,
            vocab_size=60,
            decoder_start_token_id=0,
        ),
    }


@pytest.fixture
def build():
    """`build(family, head="CausalLM")` → a small model of two blocks, in float64.

    In float64 no rounding decides which of two scores is lower, whatever the order of the sums.
    """

    def make(family, head="CausalLM", seed=0, dtype=torch.float64):
        import transformers

        torch.manual_seed(seed)
        auto = getattr(transformers, f"AutoModelFor{head}" if head else "AutoModel")
        return auto.from_config(_configs()[family]).eval().to(dtype)

    return make


@pytest.fixture
def padded():
    """Token ids and mask of five sequences, two of them padded on the right with id 1."""
    ids = torch.randint(2, 60, (5, 12), generator=torch.Generator().manual_seed(3))
    mask = torch.ones_like(ids)
    mask[1, 9:] = mask[4, 4:] = 0
    return {"input_ids": ids.masked_fill(mask == 0, 1), "attention_mask": mask}
