"""References of the lab `language` against oracles of another kind: transformers, scipy, numpy."""

import math
from itertools import product
from random import Random

import numpy as np
import pytest
import torch
from scipy import stats

from labkit import load_model, load_text
from labkit.checks.language import interval, loss, paired, repetition, scores, windows
from labkit.evaluation.text import repetition as seq_rep
from labkit.evaluation.text import windows as windows_of_inputs


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_loss_of_a_batch_is_that_of_transformers(side):
    model, tokenizer, _ = load_model("gpt2", task="text")
    texts = [text[: 60 + 30 * number] for number, text in enumerate(load_text(limit=4))]
    batch = tokenizer(texts, padding=True, padding_side=side, return_tensors="pt")
    ids, mask = batch["input_ids"], batch["attention_mask"]
    labels = ids.where(mask.bool(), -100)
    # The first token of a row that padding stands before is predicted by padding.
    labels[torch.arange(4), mask.argmax(dim=1)] = -100
    with torch.no_grad():
        found = model(**batch, labels=labels)
    answer = loss.token_loss(found.logits, ids, mask)
    assert answer["loss"] == pytest.approx(float(found.loss), rel=1e-5)
    assert answer["tokens"] == int((labels != -100).sum())


def _documentation(length, context, stride):
    """The loop of "Perplexity of fixed-length models" in the documentation of transformers."""
    found, previous = [], 0
    for begin in range(0, length, stride):
        end = min(begin + context, length)
        found.append((begin, end, max(previous, 1)))
        previous = end
        if end == length:
            break
    return found


@pytest.mark.parametrize("length", [2, 9, 10, 11, 50])
@pytest.mark.parametrize(("context", "stride"), [(10, 1), (10, 4), (10, 9), (2, 1)])
def test_windows_are_those_of_the_documentation_and_of_labkit(length, context, stride):
    found = windows.windows(length, context, stride)
    assert found == _documentation(length, context, stride)
    # Windows of inputs: the token behind each input is what counts.
    inputs = windows_of_inputs(length - 1, context - 1, stride)
    assert found == [(w.start, w.stop + 1, w.first + 1) for w in inputs]


def test_scores_of_an_even_guess_are_known():
    text = "for all of us"
    losses = [torch.full((len(text.encode()),), math.log(256))]
    found = scores.text_scores(losses, [text])
    assert found["perplexity"] == pytest.approx(256, rel=1e-5)
    assert found["bits_per_byte"] == pytest.approx(8, rel=1e-5)


def test_the_interval_is_that_of_the_tokens_put_together():
    rng = np.random.default_rng(0)
    values = rng.exponential(size=53).astype(np.float32)
    draws = rng.integers(0, 8, (40, 8))
    blocks = [values[at : at + 7] for at in range(0, 53, 7)]
    means = [np.concatenate([blocks[i] for i in row]).mean(dtype=float) for row in draws]
    found = interval.block_interval(torch.tensor(values), 7, torch.tensor(draws))
    assert found == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])), rel=1e-6)


@pytest.mark.parametrize("n", [1, 2, 4])
def test_repetition_is_that_of_labkit(n):
    draw = Random(n)
    texts = [[draw.randrange(3) for _ in range(size)] for size in (0, 2, 5, 40, 80)]
    assert repetition._share(texts, n) == pytest.approx(seq_rep(texts, n))


def test_all_exchanges_give_the_exact_p_of_scipy():
    rng = np.random.default_rng(1)
    first = rng.integers(0, 400, 9) / 64
    second = first + rng.integers(-20, 40, 9) / 64
    signs = torch.tensor(list(product([False, True], repeat=9)))
    found = paired.paired_test(
        torch.tensor(first), torch.tensor(second), torch.full((9,), 10), signs
    )
    exact = stats.permutation_test(
        (second, first),
        lambda a, b, axis: (a - b).sum(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=np.inf,
    )
    assert (found["p"] * 513 - 1) / 512 == pytest.approx(exact.pvalue)
    assert found["difference"] == pytest.approx(exact.statistic / 90)
