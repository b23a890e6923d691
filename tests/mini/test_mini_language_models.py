"""The mini language models: batches, the recipe at tiny scale, shipped checkpoints and cards."""

import json
import math
import re
from collections import Counter
from random import Random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from labkit.errors import InputError
from labkit.evaluation.text.ngrams import perplexities
from labkit.files import sha256
from labkit.mini import text_recipe
from labkit.mini.models import build_language_model
from labkit.mini.text_batches import (
    HIDDEN,
    IGNORED,
    causal_batch,
    draw_batch,
    infill,
    infilled_batch,
    masked_batch,
    masked_room,
)
from labkit.mini.text_evaluation import held_out_loss, token_losses
from labkit.mini.text_recipe import STAGES, STEPS, train_text
from labkit.mini.texts import generate_texts
from labkit.mini.tokenizers import build_tokenizer
from labkit.models.sources import MODEL_NAMES, mini_checkpoint

# What the cards say, to the digits that another machine's rounding leaves.
LOSSES = {"roberta": 1.2622, "gpt2": 0.8277, "bart": 0.2342}
CLASSES = {
    "roberta": "RobertaForMaskedLM",
    "gpt2": "GPT2LMHeadModel",
    "bart": "BartForConditionalGeneration",
}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def tokenizers():
    return {name: AutoTokenizer.from_pretrained(mini_checkpoint(name, "text")) for name in CLASSES}


@pytest.fixture(scope="module")
def models():
    import transformers

    return {
        name: getattr(transformers, kind).from_pretrained(mini_checkpoint(name, "text"))
        for name, kind in CLASSES.items()
    }


@pytest.fixture(scope="module")
def validation():
    return generate_texts()["validation"]


def test_the_shipped_tokenizers_are_what_the_code_trains(tokenizers, validation):
    for name in ("gpt2", "bart"):  # RoBERTa's words are BART's
        anew = build_tokenizer(name, "text")
        assert type(anew) is type(tokenizers[name])
        texts = list(validation[:40])
        options = {"verbose": False}
        assert (
            anew(texts, **options)["input_ids"] == tokenizers[name](texts, **options)["input_ids"]
        )
    assert tokenizers["roberta"].get_vocab() == tokenizers["bart"].get_vocab()
    assert {len(tokenizer) for tokenizer in tokenizers.values()} == {1600}


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_words_of_the_text_are_one_token_and_documents_longer_than_a_window(
    tokenizers, validation, name
):
    words = Counter(word for text in validation for word in text.split())
    whole = sum(n for w, n in words.items() if len(tokenizers[name].tokenize(f" {w}")) == 1)
    assert whole / words.total() > 0.97
    lengths = [
        len(ids)
        for ids in tokenizers[name](
            list(validation), add_special_tokens=False, verbose=False
        ).input_ids
    ]
    assert sum(length > 128 for length in lengths) > 0.6 * len(lengths)


def test_causal_windows_go_on_into_the_next_document(tokenizers):
    tokenizer = tokenizers["gpt2"]
    end = tokenizer.eos_token_id
    pairs = [(list(range(5, 105)), list(range(200, 300)))] * 40
    batch = causal_batch(tokenizer, pairs, Random(0))
    whole = [end, *pairs[0][0], end, *pairs[0][1], end]
    starts = set()
    for row in batch.ids.tolist():
        start = whole.index(row[0]) if row[0] != end else 0
        starts.add(start)
        assert row == (whole[start:] + [end] * 128)[:128]
    assert 0 in starts and len(starts) > 10
    assert torch.equal(batch.labels, batch.ids)


@given(st.lists(st.integers(4, 1598), min_size=1, max_size=126), st.integers(0, 99))
@settings(max_examples=50, deadline=None)
def test_hidden_tokens_and_damaged_spans(tokenizers, row, seed):
    tokenizer = tokenizers["roberta"]
    batch = masked_batch(tokenizer, [row, row[:1]], Random(seed))
    asked = batch.labels != IGNORED
    expected = torch.tensor([0, *row, 2])
    assert torch.equal(batch.labels[0][asked[0]], expected[asked[0]])
    assert torch.equal(batch.ids[0][~asked[0]], expected[~asked[0]])
    assert not asked[:, 0].any() and not asked[0, -1]
    assert batch.mask.sum(1).tolist() == [len(row) + 2, 3]
    damaged = infill(row, 1599, Random(seed))
    kept = [token for token in damaged if token != 1599]
    at = 0
    for token in kept:  # what is kept stands in its order
        at = row.index(token, at) + 1
    assert len(row) - len(kept) <= round(0.3 * len(row))
    if len(row) > 20:
        assert damaged.count(1599) >= 1
    filled = infilled_batch(tokenizers["bart"], [row], Random(seed))
    assert filled.labels.tolist() == [[0, *row, 2]]
    assert filled.ids.tolist() == [[0, *infill(row, 1599, Random(seed)), 2]]


def test_short_windows_come_first(tokenizers):
    rooms = [masked_room(at / 100) for at in range(101)]
    assert rooms == sorted(rooms) and rooms[:25] == [30] * 25 and set(rooms[60:]) == {126}
    for progress in (0.0, 0.45, 1.0):
        batch = draw_batch("roberta", tokenizers["roberta"], 4, Random(1), progress)
        room = masked_room(progress)
        assert tuple(batch.ids.shape) == (4 * (126 // room), room + 2)


def test_the_shares_are_those_of_the_papers(tokenizers):
    row = list(range(10, 136))
    batch = masked_batch(tokenizers["roberta"], [row] * 400, Random(1))
    asked = batch.labels != IGNORED
    assert asked[:, 1:-1].float().mean().item() == pytest.approx(HIDDEN, abs=0.005)
    masks = (batch.ids[asked] == 1599).float().mean().item()
    same = (batch.ids[asked] == batch.labels[asked]).float().mean().item()
    assert masks == pytest.approx(0.8, abs=0.015) and same == pytest.approx(0.1, abs=0.015)
    damaged = [infill(row, 1599, Random(seed)) for seed in range(400)]
    lost = [1 - sum(token != 1599 for token in one) / len(row) for one in damaged]
    spans = [one.count(1599) for one in damaged]
    assert 0.27 < sum(lost) / 400 <= 0.3
    assert sum(lost) * len(row) / sum(spans) == pytest.approx(2.8, abs=0.25)


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_losses_are_those_of_the_models_own_forward(models, tokenizers, name):
    batch = draw_batch(name, tokenizers[name], 3, Random(4))
    with torch.inference_mode():
        own = models[name](
            input_ids=batch.ids, attention_mask=batch.mask, labels=batch.labels
        ).loss.item()
        losses = token_losses(name, models[name], batch)
    assert losses.mean().item() == pytest.approx(own, abs=1e-5)


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_checkpoints_are_small_and_as_good_as_their_cards_say(models, tokenizers, validation, name):
    folder = mini_checkpoint(name, "text")
    assert (folder / "model.safetensors").stat().st_size < 8_000_000
    assert {parameter.dtype for parameter in models[name].parameters()} == {torch.float32}
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert f"Validation loss: {LOSSES[name]:.4f} nats per token" in card
    assert f"(perplexity {math.exp(LOSSES[name]):.2f})" in card
    assert "nothing about the real" in re.sub(r"\s+", " ", card)
    nats, tokens = held_out_loss(name, models[name], tokenizers[name], validation[:48])
    assert nats == pytest.approx(LOSSES[name], rel=0.1) and tokens > 500
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert (rows[-1]["step"], rows[-1]["stage"]) == (STEPS[name], STAGES[name])
    assert rows[-1]["validation_loss"] == pytest.approx(LOSSES[name], abs=1e-4)


def test_every_token_is_asked_about_once(models, tokenizers, validation):
    texts = validation[:2]
    ids = tokenizers["gpt2"](list(texts), verbose=False)["input_ids"]
    nats, tokens = held_out_loss("gpt2", models["gpt2"], tokenizers["gpt2"], texts)
    assert tokens == sum(map(len, ids))
    total, end = 0.0, tokenizers["gpt2"].eos_token_id
    for row in ids:
        whole = [end, *row]
        for at in range(1, len(whole)):
            # The plain way: token by token, from where its window of 128 begins.
            stop = 128 if at < 128 else 128 + 64 * math.ceil((at - 127) / 64)
            begin = max(0, min(stop, len(whole)) - 128)
            with torch.inference_mode():
                logits = models["gpt2"](torch.tensor([whole[begin:at]])).logits[0, -1]
            total -= logits.log_softmax(-1)[whole[at]].item()
    assert nats == pytest.approx(total / tokens, abs=1e-5)


def test_gpt2_is_well_below_the_n_gram_models_of_its_card(validation, tokenizers):
    card = (mini_checkpoint("gpt2", "text") / "README.md").read_text(encoding="utf-8")
    said = {row[0]: float(row[1]) for row in re.findall(r"\| ([\w ]+) \| ([\d.]+) \|", card)}
    assert said["this model"] < 0.6 * said["trigram"]
    assert said["trigram"] < said["bigram"] < said["unigram"]
    # Fewer tokens than the card's: a little worse, in the same order.
    rows = {
        split: tokenizers["gpt2"](list(texts), verbose=False)["input_ids"]
        for split, texts in generate_texts().items()
    }
    found = perplexities(rows["train"], rows["validation"], 1600, 1599)
    for name in ("unigram", "bigram", "trigram"):
        assert said[name] <= found[name] * 1.01 and found[name] < said[name] * 1.6


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_a_resumed_run_ends_at_the_same_weights(tmp_path, tokenizers, name, monkeypatch):
    monkeypatch.setitem(STEPS, name, 2)
    monkeypatch.setattr(text_recipe, "BATCH", 2)
    monkeypatch.setattr(text_recipe, "build_tokenizer", lambda name, task: tokenizers[name])
    short = {"validation": generate_texts()["validation"][:4]}
    monkeypatch.setattr(text_recipe, "generate_texts", lambda: short)
    seen = []

    def baselines(training, held_out, vocabulary, start):
        seen.append((sum(map(len, training)), len(held_out), vocabulary, start))
        return {"unigram": 12.5}

    def stop(*now):
        raise KeyboardInterrupt

    whole = train_text(name, tmp_path / "whole", baselines=baselines)
    with pytest.raises(KeyboardInterrupt):
        train_text(name, tmp_path / "broken", save_every=1, report=stop)
    with pytest.raises(InputError, match="another run"):
        train_text(name, tmp_path / "broken", seed=3)
    steps = []
    resumed = train_text(
        name, tmp_path / "broken", baselines=baselines, report=lambda *now: steps.append(now[:3])
    )
    assert steps == [(STAGES[name], 2, 2)]
    for file in ("model.safetensors", "tokenizer.json", "config.json"):
        assert sha256(tmp_path / "whole" / file) == sha256(tmp_path / "broken" / file)
    assert {**whole, "minutes": 0} == {**resumed, "minutes": 0}
    card = (tmp_path / "whole" / "README.md").read_text(encoding="utf-8")
    assert ("12.50" in card) == (name == "gpt2") == bool(seen)
    if seen:
        counted, documents, *rest = seen[0]
        assert counted >= whole["trained_tokens"] and (documents, *rest) == (4, 1600, 1599)


def test_bad_arguments(tmp_path):
    for name in ("bert", "../gpt2"):
        with pytest.raises(InputError, match="roberta, gpt2, bart"):
            train_text(name, tmp_path)
    with pytest.raises(InputError, match="steps_scale"):
        train_text("gpt2", tmp_path, steps_scale=-1)
    with pytest.raises(InputError, match="save_every"):
        train_text("gpt2", tmp_path, save_every=0)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="holds files already"):
        train_text("gpt2", tmp_path)


def test_no_global_random_state_is_touched(tokenizers):
    before = torch.get_rng_state()
    first, second = (build_language_model("gpt2", tokenizers["gpt2"], 5) for _ in range(2))
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(first.lm_head.weight, second.lm_head.weight)
