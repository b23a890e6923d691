"""Tiny language models with random weights, their tokenizers, and a few documents."""

import pytest
import torch
import transformers as t
from transformers import AutoTokenizer

from labkit.models import sources
from labkit.models.language import random_language_model

TEXTS = [
    "The city said on Monday that 12 new buses would run from May. It did not name a price.",
    "Shares of the bank fell.",
    "Café owners in Zürich were told – again – to wait.",
    "",
    "The company said that it had sold the plant to a rival, which will keep all workers. The "
    "minister welcomed the sale and said that the region needed it. A union asked for more.",
]


def _config(name, vocabulary):
    small = {"vocab_size": vocabulary}
    return {
        "gpt2": lambda: t.GPT2Config(n_embd=32, n_layer=2, n_head=2, n_positions=32, **small),
        "roberta": lambda: t.RobertaConfig(
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=64,
            max_position_embeddings=34,
            type_vocab_size=1,
            **small,
        ),
        "bart": lambda: t.BartConfig(
            d_model=32,
            encoder_layers=2,
            decoder_layers=2,
            encoder_attention_heads=2,
            decoder_attention_heads=2,
            encoder_ffn_dim=64,
            decoder_ffn_dim=64,
            max_position_embeddings=32,
            **small,
        ),
    }[name]()


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tokenizers():
    return {
        name: AutoTokenizer.from_pretrained(sources.mini_checkpoint(name))
        for name in sources.MODEL_NAMES
    }


@pytest.fixture(scope="session")
def language_model(tokenizers):
    """`language_model(name, seed=0)` → model and tokenizer; its answers are far from even."""
    made = {}

    def make(name, seed=0):
        if (name, seed) not in made:
            tokenizer = tokenizers[name]
            model = random_language_model(_config(name, len(tokenizer)), seed).eval()
            with torch.no_grad():
                for parameter in model.parameters():
                    if parameter.dim() > 1:
                        parameter.mul_(8)
            model.config.pad_token_id = tokenizer.pad_token_id or tokenizer.eos_token_id
            made[name, seed] = model
        return made[name, seed], tokenizers[name]

    return make
