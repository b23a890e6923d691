import numpy as np
import pytest
import torch
from datasets import Dataset
from sklearn import metrics
from transformers import DataCollatorWithPadding, Trainer, TrainingArguments

from labkit import load_model, load_mrpc, prune_global
from labkit.errors import InputError
from labkit.evaluation.classify import Pairs, encode_pairs, evaluate_mrpc
from labkit.evaluation.glue import mrpc_metric

NAMES = ("roberta", "gpt2", "bart")


@pytest.fixture(scope="module")
def rows():
    return load_mrpc()["validation"].select(range(100))


def first_logits(prediction):
    logits = prediction.predictions
    return logits[0] if isinstance(logits, tuple) else logits


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sparsity", [0, 0.9])
def test_agrees_with_trainer_evaluate(name, sparsity, rows, tmp_path):
    model, tokenizer, _ = load_model(name)
    prune_global(model, sparsity)

    def compute(prediction):
        predicted = first_logits(prediction).argmax(-1)
        return {
            "accuracy": metrics.accuracy_score(prediction.label_ids, predicted),
            "f1": metrics.f1_score(prediction.label_ids, predicted),
        }

    encoded = rows.map(
        lambda row: tokenizer(row["sentence1"], row["sentence2"]), load_from_cache_file=False
    )
    arguments = TrainingArguments(
        str(tmp_path), per_device_eval_batch_size=7, use_cpu=True, report_to=[], disable_tqdm=True
    )
    expected = Trainer(
        model,
        arguments,
        eval_dataset=encoded.rename_column("label", "labels"),
        data_collator=DataCollatorWithPadding(tokenizer),
        compute_metrics=compute,
    ).evaluate()
    ours = evaluate_mrpc(model, tokenizer, rows, batch_size=32)
    assert ours.loss == pytest.approx(expected["eval_loss"], abs=1e-5)
    assert ours.accuracy == expected["eval_accuracy"]
    assert ours.f1 == pytest.approx(expected["eval_f1"])


@pytest.mark.parametrize("name", NAMES)
def test_padding_and_batching_change_nothing(name, rows):
    model, tokenizer, _ = load_model(name)
    some = rows.select(range(20))
    batched = evaluate_mrpc(model, tokenizer, some, batch_size=20)
    with torch.inference_mode():
        for at, row in enumerate(some):
            alone = model(**tokenizer(row["sentence1"], row["sentence2"], return_tensors="pt"))
            np.testing.assert_allclose(batched.logits[at], alone.logits[0].numpy(), atol=1e-4)
    assert batched.idx.tolist() == some["idx"] and batched.labels.tolist() == some["label"]


def test_the_mean_is_over_examples_not_over_batches(rows):
    model, tokenizer, _ = load_model("roberta")
    losses = [evaluate_mrpc(model, tokenizer, rows, batch_size=b).loss for b in (33, 99, 100)]
    assert losses == pytest.approx([losses[0]] * 3, abs=1e-6)


def test_long_pairs_are_cut_to_what_the_model_takes():
    for name in NAMES:
        model, tokenizer, _ = load_model(name)
        long = Dataset.from_dict({"sentence1": ["a " * 900], "sentence2": ["b " * 900]})
        result = evaluate_mrpc(model, tokenizer, long.add_column("label", [1]))
        assert np.isfinite(result.loss)


def test_glue_metric_agrees_with_scikit_learn_offline():
    rng = np.random.default_rng(0)
    labels, predictions = rng.integers(0, 2, (2, 200))
    found = mrpc_metric().compute(predictions=predictions, references=labels)
    assert found["accuracy"] == metrics.accuracy_score(labels, predictions)
    assert found["f1"] == pytest.approx(metrics.f1_score(labels, predictions))


def test_the_model_is_left_as_it_was(rows):
    model, tokenizer, _ = load_model("gpt2")
    model.train()
    before = {name: p.clone() for name, p in model.named_parameters()}
    evaluate_mrpc(model, tokenizer, rows.select(range(5)))
    assert model.training
    assert all(torch.equal(p, before[name]) for name, p in model.named_parameters())


def test_progress_counts_every_row(rows):
    model, tokenizer, _ = load_model("roberta")
    seen = []
    evaluate_mrpc(model, tokenizer, rows, batch_size=40, progress=lambda *at: seen.append(at))
    assert seen == [(40, 100), (80, 100), (100, 100)]


def test_a_batch_holds_no_more_tokens_than_the_budget(rows):
    model, tokenizer, _ = load_model("gpt2")
    shapes = []
    model.register_forward_pre_hook(
        lambda module, args, kwargs: shapes.append(tuple(kwargs["input_ids"].shape)),
        with_kwargs=True,
    )
    whole = evaluate_mrpc(model, tokenizer, rows)
    shapes.clear()
    budgeted = evaluate_mrpc(model, tokenizer, rows, batch_tokens=150)
    np.testing.assert_allclose(budgeted.logits, whole.logits, atol=1e-4)
    assert sum(count for count, _ in shapes) == len(rows)
    assert max(count * longest for count, longest in shapes) <= 150
    shapes.clear()
    evaluate_mrpc(model, tokenizer, rows.select(range(3)), batch_tokens=1)
    assert [count for count, _ in shapes] == [1, 1, 1]


def test_pairs_are_encoded_once_for_many_evaluations(rows):
    model, tokenizer, _ = load_model("bart")
    pairs = encode_pairs(tokenizer, rows)
    expected = evaluate_mrpc(model, tokenizer, rows)
    found = evaluate_mrpc(model, tokenizer, pairs)
    assert len(pairs) == len(rows) and pairs.idx.tolist() == rows["idx"]
    assert np.array_equal(found.logits, expected.logits)
    assert np.array_equal(found.idx, expected.idx)


def test_bad_input_is_explained(rows, tiny):
    model, tokenizer, _ = load_model("gpt2")
    with pytest.raises(InputError, match="no rows"):
        evaluate_mrpc(model, tokenizer, rows.select([]))
    three = Dataset.from_dict({"sentence1": ["a"], "sentence2": ["b"], "label": [2]})
    with pytest.raises(InputError, match="row 0 has label 2"):
        evaluate_mrpc(model, tokenizer, three)
    for option, value in (
        ("batch_tokens", 0),
        ("max_length", 0),
        ("seed", -1),
        ("prior", float("nan")),
        ("prior", 1.5),
    ):
        with pytest.raises(InputError, match=f"{option} is {value}; it"):
            evaluate_mrpc(model, tokenizer, rows, **{option: value})
    with pytest.raises(InputError, match="no column 'sentence2', only sentence1, label"):
        evaluate_mrpc(model, tokenizer, rows.select_columns(["sentence1", "label"]))
    model.config.pad_token_id = None
    with pytest.raises(InputError, match="no pad_token_id"):
        evaluate_mrpc(model, tokenizer, rows)


@pytest.mark.parametrize("label", [0.5, 1.2, None, -1])
def test_labels_are_not_rounded(label):
    _, tokenizer, _ = load_model("gpt2")
    two = Dataset.from_dict({"sentence1": "ab", "sentence2": "cd", "label": [1, label]})
    with pytest.raises(InputError, match=f"row 1 has label {label}; labels must be 0 or 1"):
        encode_pairs(tokenizer, two)


def test_pairs_that_the_model_cannot_take_are_named():
    model, tokenizer, _ = load_model("gpt2")
    sentences = {"sentence1": ["a", "a " * 300], "sentence2": ["b", "b"], "label": [0, 1]}
    pairs = encode_pairs(tokenizer, Dataset.from_dict(sentences))
    with pytest.raises(InputError, match=r"row 1 has 30\d tokens, and the model takes 1 to 128"):
        evaluate_mrpc(model, tokenizer, pairs)
    nothing = Pairs({"input_ids": [[5, 6], []]}, pairs.labels, pairs.idx)
    with pytest.raises(InputError, match="row 1 has 0 tokens"):
        evaluate_mrpc(model, tokenizer, nothing)


@pytest.mark.parametrize("mask", [[0, 0], [1], []])
def test_a_mask_that_hides_a_pair_is_named(mask):
    model, tokenizer, _ = load_model("roberta")
    columns = {"input_ids": [[5, 6], [5, 6]], "attention_mask": [[1, 1], mask]}
    with pytest.raises(
        InputError, match=rf"row 1 has 2 tokens and an attention_mask of {len(mask)}"
    ):
        evaluate_mrpc(model, tokenizer, Pairs(columns, np.array([0, 1]), np.arange(2)))


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("sentence2", "", "row 1: sentence2 is '', which shows nothing"),
        ("sentence1", None, "row 1: sentence1 is None"),
        ("idx", 8.5, r"row 1 has idx 8\.5, not a whole number"),
        ("idx", None, "row 1 has idx None, not a whole number"),
    ],
)
def test_a_row_without_a_sentence_or_number_is_named(column, value, message):
    _, tokenizer, _ = load_model("gpt2")
    columns = {"sentence1": ["a", "b"], "sentence2": ["c", "d"], "label": [0, 1], "idx": [3, 4]}
    assert encode_pairs(tokenizer, Dataset.from_dict(columns)).idx.tolist() == [3, 4]
    columns[column][1] = value
    with pytest.raises(InputError, match=message):
        encode_pairs(tokenizer, Dataset.from_dict(columns))


def test_logits_that_are_not_two_finite_numbers(rows):
    model, tokenizer, _ = load_model("roberta")
    next(model.parameters()).data.fill_(float("nan"))
    with pytest.raises(InputError, match="not two finite logits"):
        evaluate_mrpc(model, tokenizer, rows)
