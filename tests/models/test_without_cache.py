"""Scoring and timing keep no keys and values, and answer as with them."""

import pytest
import torch
from datasets import Dataset
from transformers import DynamicCache

from labkit import evaluate_mrpc, load_model, measure_runtime
from labkit.models.without_cache import without_cache

ROWS = [
    {"sentence1": "The bank was small.", "sentence2": "It was a small bank.", "label": 1},
    {"sentence1": "The bank was small.", "sentence2": "They sold a boat.", "label": 0},
]


@pytest.mark.parametrize("name", ["roberta", "gpt2", "bart"])
def test_scores_and_times_ask_for_no_cache(name, monkeypatch):
    loaded = load_model(name)
    model, updates = loaded.model, []
    ids = torch.tensor([[5, 6, 7, 2]])
    with torch.no_grad():
        plain = model(input_ids=ids).logits
        assert torch.equal(model(input_ids=ids, **without_cache(model)).logits, plain)
    real = DynamicCache.update
    monkeypatch.setattr(DynamicCache, "update", lambda *a, **k: updates.append(1) or real(*a, **k))
    evaluate_mrpc(model, loaded.tokenizer, Dataset.from_list(ROWS))
    measure_runtime(model, batch_size=1, length=8, repeats=1, warmup=0)
    assert not updates
    model(input_ids=ids)
    assert bool(updates) == (name != "roberta")
