"""The experiments of chapter 6, on few documents, and the figures made of them."""

import numpy as np
import pandas as pd
import pytest
import torch

from labkit import load_model, load_text
from labkit.book import language
from labkit.errors import SourceError
from labkit.plots import plot_decoders, plot_perplexity, plot_two_measures, plot_written

LEVELS = (0.0, 0.5, 0.9)


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("trials")


@pytest.fixture
def few(monkeypatch):
    for name, value in (("DOCUMENTS", 3), ("TOKENS", 12), ("DRAWS", 2)):
        monkeypatch.setattr(language, name, value)


@pytest.mark.parametrize("name", ["gpt2", "bart"])
def test_a_curve_rises_from_the_dense_model_and_ends_beyond_the_guess(few, out, name):
    rows = language.curves(name, LEVELS, out=out).set_index("level")
    assert rows.loc[0.0, "rise"] == 0 and rows.loc[0.0, "p_value"] == 1
    assert np.allclose(rows["rise"], rows["text_loss"] - rows.loc[0.0, "text_loss"])
    assert rows["text_loss"].is_monotonic_increasing
    assert list(rows["text_collapsed"]) == [False, False, True]
    assert (rows["text_collapsed"] == (rows["perplexity"] >= rows["vocabulary"])).all()
    assert rows["documents"].unique() == [3]


def test_a_model_without_a_checkpoint_is_left_out(monkeypatch):
    assert language.there() == ["roberta", "gpt2", "bart"]
    asked = language.sources.mini_checkpoint

    def missing(name, task):
        if name == "roberta":
            raise SourceError("no checkpoint")
        return asked(name, task)

    monkeypatch.setattr(language.sources, "mini_checkpoint", missing)
    assert language.there() == ["gpt2", "bart"]


def test_what_is_written_is_that_of_its_level(few, out):
    rows = language.samples("gpt2", LEVELS, out=out).set_index("level")
    assert rows.loc[0.0, "greedy_grammatical"] >= rows.loc[0.9, "greedy_grammatical"] == 0
    assert rows.loc[0.9, "greedy_repeated"] > 0.5 > rows.loc[0.0, "greedy_repeated"]
    assert rows["greedy"].str.len().gt(0).all() and rows["greedy"].nunique() == 3


def test_a_model_that_is_less_sure_keeps_its_order(few, out):
    rows = language.tempered("gpt2", 0.0, [1, 4, 1000], out=out)
    model, tokenizer, _ = load_model("gpt2", task="text")
    losses = []
    for text in load_text(limit=3):
        ids = tokenizer(text, return_tensors="pt", truncation=True, max_length=128).input_ids
        with torch.no_grad():  # transformers shifts by itself
            losses.append((float(model(input_ids=ids, labels=ids).loss), ids.shape[1] - 1))
    mean = np.average([loss for loss, _ in losses], weights=[count for _, count in losses])
    assert rows.loc[0, "loss"] == pytest.approx(mean, rel=1e-5)
    assert rows["confidence"].is_monotonic_decreasing and rows["right"].nunique() == 1
    # A softmax of nothing is the even guess.
    assert rows.loc[2, "loss"] == pytest.approx(np.log(model.config.vocab_size), abs=0.02)


def test_models_that_count_are_better_with_more_context(few, out):
    found = language.simpler("gpt2", out=out).set_index("model")["perplexity"]
    assert found["unigram"] > found["bigram"] > found["trigram"] > 1


def test_figures_say_in_words_what_they_show(few, out):
    rows = language.curves("gpt2", LEVELS, out=out)
    alt = plot_perplexity(rows, simpler={"trigram": 5.0}).alt
    assert "1,600" in alt and f"{rows['perplexity'].iloc[1]:,.2f}" in alt
    pairs = pd.DataFrame({"level": LEVELS, "accuracy": [0.9, 0.8, 0.4], "majority_accuracy": 0.66})
    pairs = pairs.assign(accuracy_low=pairs["accuracy"], accuracy_high=pairs["accuracy"])
    alt = plot_two_measures(rows, pairs, "a model", 1600).alt
    assert "80.0 %" in alt and "7.38 nats" in alt and "66.0 %" in alt
    assert "repeated" in plot_written(language.samples("gpt2", LEVELS, out=out), "a model").alt
    real = [("dense", "0.0", 1.1), ("magnitude", "0.5", 2.2), ("magnitude", "0.3", 1.5)]
    real = pd.DataFrame(real, columns=["criterion", "goal", "bits_per_byte"])
    alt = plot_decoders(real, "a decoder", rows, "a mini model").alt
    assert "a decoder, magnitude: 0 % 1.10, 30 % 1.50, 50 % 2.20" in alt and "90 %" not in alt
