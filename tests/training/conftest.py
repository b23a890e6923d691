"""A classifier small enough to be trained in moments, without dropout."""

import pytest
import torch
from transformers import GPT2Config, GPT2ForSequenceClassification

from labkit import load_model, load_mrpc


@pytest.fixture(scope="session")
def few_rows():
    return load_mrpc()["train"].select(range(24))


@pytest.fixture(scope="session")
def tiny_classifier():
    """Makes the same model each time, with the tokenizer of the mini GPT-2."""
    mini, tokenizer, _ = load_model("gpt2")

    def make():
        torch.manual_seed(0)
        config = GPT2Config(
            vocab_size=len(tokenizer),
            n_positions=128,
            n_embd=16,
            n_layer=2,
            n_head=2,
            pad_token_id=tokenizer.pad_token_id,
            label2id=mini.config.label2id,
            id2label=mini.config.id2label,
            **dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), 0.0),
        )
        return GPT2ForSequenceClassification(config).eval(), tokenizer

    return make
