"""A pair scores what it scores alone, in whatever batch and family; or it is refused in words."""

import inspect

import numpy as np
import pytest
import tiny_classifiers
import torch
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st
from turns import in_turn

from labkit import evaluate_mrpc, load_model
from labkit.errors import InputError
from labkit.evaluation.batches import PADDED, batches, positions
from labkit.evaluation.classify import Pairs, encode_pairs, longest_input

OTHERS = (
    "canine",
    "convbert",
    "fnet",
    "funnel",
    "longformer",
    "mobilebert",
    "mra",
    "nystromformer",
)
OTHERS += ("xlnet", "yoso")


def pairs_of(model, lengths, seed=0):
    """Pairs of random tokens of these lengths, which end with the end token."""
    rng = np.random.default_rng(seed)
    rows = [[*rng.integers(5, 290, length - 1).tolist(), 2] for length in lengths]
    columns = {"input_ids": rows, "attention_mask": [[1] * len(row) for row in rows]}
    labels = rng.integers(0, 2, len(rows))
    return Pairs(columns, labels, np.arange(len(rows)))


def alone(model, pairs):
    """Logits of each row by itself, without padding."""
    taken = inspect.signature(model.forward).parameters
    found = []
    with torch.inference_mode():
        for row in pairs.columns["input_ids"]:
            mask = {"attention_mask": torch.ones(1, len(row), dtype=torch.int64)}
            found.append(
                model(input_ids=torch.tensor([row]), **(mask if "attention_mask" in taken else {}))
            )
    return torch.cat([out.logits for out in found]).numpy()


def spread(model):
    """The same model with larger weights, so that what a token changes shows in the logits."""
    generator = torch.Generator().manual_seed(1)
    for parameter in model.parameters():
        if parameter.dim() >= 2:
            parameter.data.normal_(0, 0.15, generator=generator)
    return model


TRIED = sorted({*PADDED, *OTHERS} & {*tiny_classifiers.FAMILIES})


@pytest.mark.slow
@pytest.mark.parametrize("family", in_turn(TRIED, always=("bart", "bert", "gpt2", "roberta")))
def test_a_pair_in_a_batch_scores_what_it_scores_alone(family):
    model = spread(tiny_classifiers.tiny_classifier(family))
    pairs = pairs_of(model, (9, 33, 14, 30, 33, 8, 31, 14))
    found = evaluate_mrpc(model, None, pairs)
    expected = alone(model, pairs)
    np.testing.assert_allclose(found.logits, expected, atol=1e-4)
    assert expected.std(axis=0).max() > 1e-3, "the rows must differ for this to say anything"
    sizes = [len(at) for at in batches(model, pairs.lengths, 8, 10_000)]
    assert sizes == ([8] if family in PADDED else [2, 1, 1, 2, 1, 1])


@given(st.lists(st.integers(1, 12), min_size=1, max_size=30), st.integers(1, 9), st.integers(1, 40))
@settings(max_examples=30, deadline=None)
def test_batches_hold_each_row_once_within_their_bounds(lengths, size, tokens):
    lengths = np.array(lengths)
    for family in ("roberta", "fnet"):
        model = type("Model", (), {"config": type("Config", (), {"model_type": family})})
        found = list(batches(model, lengths, size, tokens))
        assert sorted(np.concatenate(found)) == list(range(len(lengths)))
        for at in found:
            assert len(at) <= size
            assert len(at) == 1 or len(at) * lengths[at].max() <= tokens
            assert family == "roberta" or len(set(lengths[at])) == 1


def test_a_tokenizer_may_say_more_or_less_than_the_model_takes():
    pairs = pairs_of(None, (9, 20))
    segments = [[0] * len(row) for row in pairs.columns["input_ids"]]
    model = spread(tiny_classifiers.tiny_classifier("distilbert"))
    expected = alone(model, pairs)
    more = Pairs(pairs.columns | {"token_type_ids": segments}, pairs.labels, pairs.idx)
    less = Pairs({"input_ids": pairs.columns["input_ids"]}, pairs.labels, pairs.idx)
    for given_pairs in (more, less):
        found = evaluate_mrpc(model, None, given_pairs).logits
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_xlnet_is_padded_on_the_left_in_training(tmp_path):
    tiny_classifiers.tiny_classifier("xlnet").save_pretrained(tmp_path)
    load_model("gpt2").tokenizer.save_pretrained(tmp_path)
    assert load_model("x", tmp_path).tokenizer.padding_side == "left"


def test_xlnet_has_no_longest_input():
    model = tiny_classifiers.tiny_classifier("xlnet")
    assert positions(model) == float("inf")
    assert longest_input(model, load_model("roberta").tokenizer) == 128


@pytest.mark.parametrize("family", ["roberta", "camembert", "xlm-roberta", "mpnet", "esm", "ibert"])
def test_positions_that_are_never_used_are_not_counted(family):
    model = tiny_classifiers.tiny_classifier(family)
    longest = int(positions(model))
    assert longest < model.config.max_position_embeddings
    assert evaluate_mrpc(model, None, pairs_of(model, (longest, 5))).logits.shape == (2, 2)
    with pytest.raises(InputError, match=f"row 0 has {longest + 1} tokens, and the model takes 1"):
        evaluate_mrpc(model, None, pairs_of(model, (longest + 1, 5)))


@pytest.mark.parametrize("pad", [-1, 300, 10_000])
@pytest.mark.parametrize("family", ["llama", "bert", "bart", "fnet"])
def test_a_padding_token_without_an_embedding_is_named(family, pad):
    model, tokenizer = tiny_classifiers.tiny_classifier(family), load_model("roberta").tokenizer
    model.config.pad_token_id = pad
    with pytest.raises(InputError, match=rf"pad_token_id {pad},.*ids 0 to 299.*set model\.config"):
        evaluate_mrpc(model, tokenizer, pairs_of(model, (5, 9)))


@pytest.mark.parametrize("pad", [-1, 10_000])
def test_load_model_gives_a_padding_token_that_is_there(tmp_path, pad):
    model, tokenizer, _ = load_model("gpt2")
    rows = Dataset.from_dict({"sentence1": ["a", "a b c"], "sentence2": "cd", "label": [0, 1]})
    expected = evaluate_mrpc(model, tokenizer, rows).logits
    model.config.pad_token_id = pad
    model.save_pretrained(tmp_path / "m")
    tokenizer.save_pretrained(tmp_path / "m")
    loaded, tokenizer, _ = load_model("x", tmp_path / "m")
    np.testing.assert_allclose(evaluate_mrpc(loaded, tokenizer, rows).logits, expected, atol=1e-5)


def test_tokens_without_an_embedding_are_named():
    model = tiny_classifiers.tiny_classifier("bert")
    pairs = pairs_of(model, (5, 9))
    pairs.columns["input_ids"][1][3] = 300
    with pytest.raises(InputError, match=r"row 1 has 300 among its input_ids.*0 to 299"):
        evaluate_mrpc(model, None, pairs)
    pairs = pairs_of(model, (5, 9))
    segments = [[0] * 5, [2] * 9]
    with pytest.raises(InputError, match=r"row 1 has 2 among its token_type_ids"):
        columns = pairs.columns | {"token_type_ids": segments}
        evaluate_mrpc(model, None, Pairs(columns, pairs.labels, pairs.idx))


def test_an_end_token_inside_a_sentence_names_its_rows():
    model, tokenizer, _ = load_model("bart")
    first = ["a cat", f"a {tokenizer.eos_token} cat", "a dog", f"{tokenizer.eos_token}"]
    rows = Dataset.from_dict({"sentence1": first, "sentence2": ["x"] * 4, "label": [0, 1, 0, 1]})
    with pytest.raises(InputError, match=r"4 times in row 1, and 3 times .*differ: 1, 3\)"):
        evaluate_mrpc(model, tokenizer, rows)
    assert len(evaluate_mrpc(model, tokenizer, rows.select([0, 2]))) == 2


@pytest.mark.parametrize("family", ["bart", "mbart", "t5", "plbart"])
def test_padding_with_the_end_token_is_refused(family):
    model = tiny_classifiers.tiny_classifier(family)
    model.config.pad_token_id = model.config.eos_token_id
    with pytest.raises(InputError, match=r"pad_token_id and eos_token_id.*rows, 0 to 1"):
        evaluate_mrpc(model, load_model("bart").tokenizer, pairs_of(model, (5, 9)))


def test_rows_without_the_end_token_are_refused():
    model = tiny_classifiers.tiny_classifier("bart")
    pairs = pairs_of(model, (5, 9))
    pairs.columns["input_ids"][0][-1] = pairs.columns["input_ids"][1][-1] = 7
    with pytest.raises(InputError, match="row 0 does not hold the end token 2"):
        evaluate_mrpc(model, None, pairs)


INVISIBLE = ["\u200b", "\u200b \u200b", "\ufeff", "\u00ad", "\u2060\u200d", "\x07", "\u3164", "\n"]


@pytest.mark.parametrize("text", INVISIBLE)
@pytest.mark.parametrize("name", ["roberta", "gpt2", "bart"])
def test_a_sentence_that_shows_nothing_is_named(name, text):
    tokenizer = load_model(name).tokenizer
    rows = Dataset.from_dict({"sentence1": ["a", "b"], "sentence2": ["c", text], "label": [0, 1]})
    with pytest.raises(InputError, match=r"row 1: sentence2 is .*, which shows nothing"):
        encode_pairs(tokenizer, rows)
