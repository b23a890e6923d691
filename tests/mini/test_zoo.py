"""The mini zoo: tokenizers, shipped checkpoints, model cards, and the recipe at tiny scale."""

import functools
import json
import logging
import re
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

import labkit.mini
from labkit.errors import InputError, SourceError
from labkit.files import sha256
from labkit.mini import generate_pairs
from labkit.mini.batches import encode_pairs
from labkit.mini.card import model_card
from labkit.mini.corpus import LABELS
from labkit.mini.evaluation import accuracy_tables, predict
from labkit.mini.models import build_model, class_logits, token_states
from labkit.mini.recipe import STEPS, train_mini
from labkit.mini.stages import BATCH, STAGES, difference_weights, rate
from labkit.mini.tokenizers import build_tokenizer
from labkit.mini.training import step_random
from labkit.models.sources import MODEL_NAMES

ZOO = Path(labkit.mini.__file__).parent / "zoo"
CLASSES = {
    "roberta": "RobertaForSequenceClassification",
    "gpt2": "GPT2ForSequenceClassification",
    "bart": "BartForSequenceClassification",
}
A, B = "In Torvik , the Falcons beat the Wolves .", "The Wolves lost to the Falcons in Torvik ."
SMALL_SPLITS = generate_pairs(1, {"train": 1, "validation": 24, "test": 1})
OUTSIDE = "Žluťoučký kůň 東京 🙂 <s-like> \t text\n"


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Models this small lose more to waiting threads than they gain, most of all on a busy CPU."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def validation():
    return generate_pairs()["validation"]


@pytest.fixture(scope="module")
def tokenizers():
    return {name: AutoTokenizer.from_pretrained(ZOO / name) for name in MODEL_NAMES}


@pytest.fixture(scope="module")
def models():
    return {
        name: AutoModelForSequenceClassification.from_pretrained(ZOO / name) for name in MODEL_NAMES
    }


@pytest.fixture(scope="module")
def predictions(models, tokenizers, validation):
    return {
        name: predict(name, models[name], tokenizers[name], validation).tolist()
        for name in MODEL_NAMES
    }


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_the_shipped_tokenizer_is_what_the_code_trains(tokenizers, name, validation):
    anew, shipped = build_tokenizer(name), tokenizers[name]
    assert type(anew) is type(shipped)
    assert anew.get_vocab() == shipped.get_vocab()
    first, second = ([getattr(p, f"sentence{i}") for p in validation] for i in (1, 2))
    assert anew(first, second)["input_ids"] == shipped(first, second)["input_ids"]


@pytest.mark.parametrize("name", ["roberta", "bart"])
def test_roberta_and_bart_special_tokens(tokenizers, name):
    tokenizer = tokenizers[name]
    assert tokenizer.convert_ids_to_tokens([0, 1, 2, 3]) == ["<s>", "<pad>", "</s>", "<unk>"]
    assert tokenizer.mask_token_id == len(tokenizer) - 1
    assert (tokenizer.bos_token, tokenizer.cls_token) == ("<s>", "<s>")
    assert (tokenizer.eos_token, tokenizer.sep_token) == ("</s>", "</s>")
    a, b = (tokenizer(text, add_special_tokens=False)["input_ids"] for text in (A, B))
    assert tokenizer(A)["input_ids"] == [0, *a, 2]
    assert tokenizer(A, B)["input_ids"] == [0, *a, 2, 2, *b, 2]
    # The mask takes the space before it, as the original's does.
    masked = tokenizer("In <mask> .", add_special_tokens=False)["input_ids"]
    assert tokenizer.convert_ids_to_tokens(masked) == ["In", "<mask>", "Ġ."]
    padded = tokenizer([A, f"{A} {B}"], padding=True)
    assert padded["input_ids"][0][-1] == 1
    assert padded["attention_mask"][0][-1] == 0


def test_gpt2_special_tokens(tokenizers):
    tokenizer = tokenizers["gpt2"]
    assert tokenizer.all_special_tokens == ["<|endoftext|>"]
    assert tokenizer.bos_token == tokenizer.eos_token == tokenizer.unk_token == "<|endoftext|>"
    assert tokenizer.eos_token_id == len(tokenizer) - 1
    assert tokenizer.pad_token is None
    a, b = tokenizer(A)["input_ids"], tokenizer(B)["input_ids"]
    assert tokenizer(A, B)["input_ids"] == a + b  # nothing between, as with the original
    with pytest.raises(ValueError, match="pad"):
        tokenizer([A, f"{A} {B}"], padding=True)


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_tokenizers_read_any_text(tokenizers, name):
    tokenizer = tokenizers[name]
    ids = tokenizer(OUTSIDE, add_special_tokens=False)["input_ids"]
    assert tokenizer.unk_token_id not in ids
    assert tokenizer.decode(ids, clean_up_tokenization_spaces=False) == OUTSIDE


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_words_of_the_corpus_are_one_token(tokenizers, name, validation):
    words = [w for pair in validation for w in pair.sentence1.split()[1:]]
    single = [len(tokenizers[name].tokenize(f" {word}")) == 1 for word in words]
    assert sum(single) / len(single) > 0.99
    assert 1000 <= len(tokenizers[name]) <= 2000


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_checkpoints_load_without_complaints(name, caplog):
    caplog.set_level(logging.WARNING)
    logging.getLogger("transformers").addHandler(caplog.handler)
    try:
        model, info = AutoModelForSequenceClassification.from_pretrained(
            ZOO / name, output_loading_info=True
        )
    finally:
        logging.getLogger("transformers").removeHandler(caplog.handler)
    assert type(model).__name__ == CLASSES[name]
    assert not any(info.values()), info
    assert caplog.text == ""
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_checkpoints_are_small_and_plain(name):
    path = ZOO / name / "model.safetensors"
    assert path.stat().st_size < 8_000_000
    with safe_open(path, "pt") as file:
        keys = list(file.keys())
    assert len([key for key in keys if "embed_tokens" in key]) == 0  # tied to `shared`
    config = AutoConfig.from_pretrained(ZOO / name)
    assert [config.id2label[i] for i in (0, 1)] == list(LABELS)
    assert config.architectures == [CLASSES[name]]
    names = {file.name for file in (ZOO / name).iterdir()}
    assert {"config.json", "README.md", "log.jsonl", "tokenizer.json"} <= names
    assert not any("state" in file for file in names)


def test_sizes_of_the_models(models):
    configs = {name: model.config for name, model in models.items()}
    assert configs["roberta"].num_hidden_layers >= 4
    assert configs["gpt2"].n_layer >= 4
    assert min(configs["bart"].encoder_layers, configs["bart"].decoder_layers) >= 3
    assert configs["gpt2"].pad_token_id == configs["gpt2"].eos_token_id
    assert configs["roberta"].initializer_range == configs["bart"].init_std == 0.08


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_accuracy_on_the_validation_split(predictions, validation, name):
    right = sum(int(p == pair.label) for p, pair in zip(predictions[name], validation, strict=True))
    assert right / len(validation) >= 0.92


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_predict_is_what_the_model_itself_says(models, tokenizers, validation, predictions, name):
    """Row by row, without padding, through the model's own forward."""
    for pair, predicted in list(zip(validation, predictions[name], strict=True))[:40]:
        inputs = tokenizers[name](pair.sentence1, pair.sentence2, return_tensors="pt")
        with torch.inference_mode():
            assert int(models[name](**inputs).logits.argmax()) == predicted


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_states_and_head_agree_with_forward(models, tokenizers, validation, name):
    batch = encode_pairs(tokenizers[name], validation[:16])
    with torch.inference_mode():
        whole = models[name](input_ids=batch.ids, attention_mask=batch.mask).logits
        state = token_states(name, models[name], batch.ids, batch.mask)[-1]
        assert torch.allclose(class_logits(name, models[name], state, batch.mask), whole, atol=1e-4)


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_the_model_card_says_what_the_model_does(predictions, validation, name):
    card = (ZOO / name / "README.md").read_text(encoding="utf-8")
    tables = accuracy_tables(validation, predictions[name])
    right = sum(cell[0] for cell in tables["by_differences"].values())
    assert f"Validation accuracy: {100 * right / 408:.1f} % ({right} of 408)" in card
    for kind, (good, total) in tables["by_kind"].items():
        assert re.search(rf"\| {kind} \| {100 * good / total:.1f} % \({good} of {total}\) \|", card)
    for n in "1234":
        good, total = tables["by_differences"][n]
        assert f"| {n} | {100 * good / total:.1f} % ({good} of {total}) |" in card
    assert "say nothing about" in card
    for stage, steps in STEPS[name].items():
        assert f"| {stage} | {steps} |" in card


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_the_log_covers_every_stage(name):
    lines = (ZOO / name / "log.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    ends = {row["stage"]: row for row in rows if "validation_accuracy" in row}
    assert {stage: row["step"] for stage, row in ends.items()} == STEPS[name]
    assert ends["classification"]["validation_accuracy"] >= 0.92
    seconds = [row["seconds"] for row in rows]
    assert seconds == sorted(seconds)
    assert all("lr" in row for row in rows if "loss" in row)


_cached_tokenizer = functools.cache(build_tokenizer)


def _train(name, out, **options):
    steps = dict.fromkeys(STAGES, 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(STEPS, name, steps)
        patch.setitem(BATCH, name, 8)
        patch.setattr("labkit.mini.recipe.generate_pairs", lambda: SMALL_SPLITS)
        patch.setattr("labkit.mini.recipe.build_tokenizer", _cached_tokenizer)
        return train_mini(name, out, save_every=2, **options)


# The others have the same stages and are saved alike.
RESUMED = [
    pytest.param(name, marks=() if name == "bart" else pytest.mark.full) for name in MODEL_NAMES
]


@pytest.mark.parametrize("name", RESUMED)
def test_a_resumed_run_ends_at_the_same_weights(tmp_path, name):
    whole = _train(name, tmp_path / "whole")
    # Break off after a saved step, at the start of a stage, and after an unsaved step.
    for stage, step in (("copying", 2), ("detection", 1), ("classification", 3)):

        def stop(*now, at=(stage, step)):
            if now[:2] == at:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            _train(name, tmp_path / "broken", report=stop)
        assert (tmp_path / "broken" / "training-state.pt").exists()
        assert not (tmp_path / "broken" / "model.safetensors").exists()
    calls = []
    resumed = _train(name, tmp_path / "broken", report=lambda *now: calls.append(now[:3]))
    assert calls == [("classification", 3, 3)]
    for file in ("model.safetensors", "tokenizer.json", "config.json"):
        assert sha256(tmp_path / "whole" / file) == sha256(tmp_path / "broken" / file)
    assert not (tmp_path / "broken" / "training-state.pt").exists()
    timing = ("minutes",)
    assert {k: v for k, v in whole.items() if k not in timing} == {
        k: v for k, v in resumed.items() if k not in timing
    }
    logs = [
        [
            {k: v for k, v in json.loads(line).items() if k != "seconds"}
            for line in (tmp_path / run / "log.jsonl").read_text().splitlines()
        ]
        for run in ("whole", "broken")
    ]
    assert logs[0] == logs[1]


def test_a_place_that_cannot_be_written_is_known_before_the_first_step(tmp_path, full_disk):
    (tmp_path / "file").write_text("")
    steps = []
    with pytest.raises(SourceError, match=r"cannot write .*training-state\.pt"):
        _train("gpt2", tmp_path / "file" / "out", report=lambda *now: steps.append(now))
    with full_disk(), pytest.raises(SourceError, match=r"cannot write .*training-state\.pt"):
        _train("gpt2", tmp_path / "out", report=lambda *now: steps.append(now))
    assert not steps


def test_the_state_of_another_run_is_refused(tmp_path):
    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _train("gpt2", tmp_path, report=lambda _, step, *__: stop() if step == 2 else None)
    with pytest.raises(InputError, match="another run"):
        _train("gpt2", tmp_path, seed=8, report=stop)
    with pytest.raises(KeyboardInterrupt):  # anew, so it gets to a step
        _train("gpt2", tmp_path, seed=8, report=stop, resume=False)
    (tmp_path / "training-state.pt").write_bytes(b"no state")
    with pytest.raises(SourceError, match="resume=False"):
        _train("gpt2", tmp_path, seed=8)


def test_bad_arguments(tmp_path):
    for name in ("bert", "", "../gpt2"):
        with pytest.raises(InputError, match="roberta, gpt2, bart"):
            train_mini(name, tmp_path)
    with pytest.raises(InputError, match="steps_scale"):
        train_mini("gpt2", tmp_path, steps_scale=0)
    with pytest.raises(InputError, match="save_every"):
        train_mini("gpt2", tmp_path, save_every=0)
    assert list(tmp_path.iterdir()) == []


def test_no_global_random_state_is_touched():
    torch.manual_seed(3)
    before = torch.get_rng_state()
    first = build_model("gpt2", build_tokenizer("gpt2"), 5)
    assert torch.equal(before, torch.get_rng_state())
    second = build_model("gpt2", build_tokenizer("gpt2"), 5)
    assert torch.equal(first.score.weight, second.score.weight)


def test_changed_tokens_are_marked(tokenizers, validation):
    pairs = [pair for pair in validation if pair.kinds == ("place",)][:5]
    for name in MODEL_NAMES:
        batch = encode_pairs(tokenizers[name], pairs)
        for row, pair in enumerate(pairs):
            for side, spans, text in (
                (1, pair.spans1, pair.sentence1),
                (2, pair.spans2, pair.sentence2),
            ):
                marked = batch.ids[row][batch.changed[row] & (batch.side[row] == side)]
                place = next(text[s:e] for s, e, slot in spans if slot == "place")
                assert tokenizers[name].decode(marked).strip() == place
                last = batch.last[row] & (batch.side[row] == side)
                assert int(last.sum()) == len(spans)


def test_schedule():
    assert rate(0, 100) == pytest.approx(1e-4)
    assert rate(9, 100) == pytest.approx(1e-3)
    assert rate(99, 100) < 2e-5
    assert sum(difference_weights(0)) == pytest.approx(1)
    assert difference_weights(0)[3] > difference_weights(0)[0]
    assert difference_weights(1)[0] == 0.65
    assert step_random(7, 0, 1).random() != step_random(7, 1, 0).random()


def test_a_card_can_be_written_for_a_kind_without_pairs():
    figures = {
        "name": "gpt2",
        "seed": 1,
        "steps": dict.fromkeys(STAGES, 1),
        "batch": 8,
        "minutes": 0.1,
        "threads": 1,
        "parameters": 10,
        "right": 1,
        "pairs": 2,
        "stage_accuracy": dict.fromkeys(STAGES, 0.5),
        **accuracy_tables([], []),
    }
    assert "no pairs" in model_card(figures)
