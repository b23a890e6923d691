"""What runs a model leaves each of its modules in the mode that it had."""

import pytest
from datasets import Dataset

from labkit import evaluate_mrpc, evaluate_text, load_model, measure_runtime, sample_text
from labkit.pruning.calibrated import prune_wanda
from labkit.training.steps import Meanwhile, Settings, train

TEXTS = ["The bank was small.", "They sold a boat."]
ROWS = Dataset.from_dict({"sentence1": TEXTS, "sentence2": TEXTS[::-1], "label": [1, 0]})

ONE_STEP = Settings(steps=1, batch_size=2, learning_rate=1e-4, seed=0)


@pytest.mark.parametrize(
    ("task", "act"),
    [
        ("mrpc", lambda model, tokenizer: evaluate_mrpc(model, tokenizer, ROWS)),
        ("mrpc", lambda model, tokenizer: measure_runtime(model, batch_size=1, length=8)),
        ("mrpc", lambda model, tokenizer: train(model, tokenizer, ROWS, ONE_STEP, Meanwhile())),
        ("text", lambda model, tokenizer: prune_wanda(model, [[5, 6, 7, 8]], 0.5)),
        ("text", lambda model, tokenizer: evaluate_text(model, tokenizer, TEXTS)),
        ("text", lambda model, tokenizer: sample_text(model, tokenizer, TEXTS, tokens=2)),
    ],
)
def test_a_head_in_training_on_a_body_at_rest_stays_so(task, act):
    model, tokenizer, _ = load_model("gpt2", task=task)
    model.train()
    model.base_model.eval()
    before = {name: module.training for name, module in model.named_modules()}
    assert set(before.values()) == {True, False}
    act(model, tokenizer)
    assert {name: module.training for name, module in model.named_modules()} == before
