"""Kneser-Ney models against nltk's values, a plain loop, and what any model has to hold."""

import math
from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.errors import InputError
from labkit.evaluation.text.ngrams import kneser_ney, perplexities

DOCUMENTS = [[0, 1, 2, 3, 1, 2, 0], [1, 2, 4, 4, 1, 2, 3], [3, 1, 0, 2, 4]]

# Scores of KneserNeyInterpolated (nltk 3.10.4) fitted on the n-grams of DOCUMENTS, each padded with
# 0 on the left: (order, discount, history) → probabilities of 0 to 4.
NLTK = {
    (2, 0.1, (2,)): [0.195, 0.015, 0.01, 0.39, 0.39],
    (2, 0.75, (0,)): [0.2, 0.4, 0.15, 0.15, 0.1],
    (3, 0.1, (1, 2)): [0.24328125, 0.00140625, 0.0009375, 0.4928125, 0.2615625],
    (3, 0.1, (2, 4)): [0.0025, 0.0475, 0.00166667, 0.00166667, 0.94666667],
    (3, 0.75, (0, 0)): [0.203125, 0.453125, 0.10546875, 0.16796875, 0.0703125],
    (3, 0.75, (1, 2)): [0.17675781, 0.07910156, 0.05273438, 0.40039062, 0.29101562],
}


@pytest.mark.parametrize(("order", "discount", "history"), NLTK)
def test_agrees_with_nltk_where_each_id_is_seen(order, discount, history):
    """nltk does not smooth the lowest order; with each id seen both have the same there."""
    model = kneser_ney(DOCUMENTS, 5, order, start=0, discount=discount)
    assert model.probabilities(history) == pytest.approx(NLTK[order, discount, history], abs=1e-8)


def _textbook(documents, vocabulary, order, start):
    """Chen and Goodman's recursion by dictionaries: a function of (history, token)."""
    tables = {}
    grams = Counter()
    for document in documents:
        padded = [start] * (order - 1) + list(document)
        for end in range(order - 1, len(padded)):
            grams[tuple(padded[end - order + 1 : end + 1])] += 1
    for n in range(order, 0, -1):
        tables[n] = grams
        shorter = defaultdict(set)
        for gram in grams:
            shorter[gram[1:]].add(gram[0])
        grams = Counter({gram: len(before) for gram, before in shorter.items()})

    def probability(history, token):
        n = len(history) + 1
        table = tables[n]
        once = sum(1 for count in table.values() if count == 1)
        twice = sum(1 for count in table.values() if count == 2)
        discount = once / (once + 2 * twice) if once else 0.5
        lower = probability(history[1:], token) if n > 1 else 1 / vocabulary
        after = {gram: count for gram, count in table.items() if gram[:-1] == history}
        total = sum(after.values())
        if not total:
            return lower
        own = max(table[(*history, token)] - discount, 0)
        return (own + discount * len(after) * lower) / total

    return probability


documents = st.lists(st.lists(st.integers(0, 5), max_size=12), min_size=1, max_size=6).filter(any)


@given(documents, documents, st.integers(1, 3))
@settings(max_examples=30, deadline=None)
def test_agrees_with_the_textbook_loop_and_sums_to_one(training, held_out, order):
    model = kneser_ney(training, 7, order, start=6)
    textbook = _textbook(training, 7, order, 6)
    expected = []
    for document in held_out:
        padded = [6] * (order - 1) + document
        for at, token in enumerate(document):
            expected.append(textbook(tuple(padded[at : at + order - 1]), token))
    found = model.log_probabilities(held_out)
    assert found == pytest.approx([math.log(p) for p in expected], abs=1e-10)
    perplexity = math.exp(-sum(map(math.log, expected)) / len(expected))
    assert model.perplexity(held_out) == pytest.approx(perplexity)
    for document in held_out:
        row = model.probabilities([6, 6, *document])
        assert row.sum() == pytest.approx(1) and (row >= 0).all()


def test_more_context_helps_where_there_is_some():
    cycle = [[0, 1, 0, 2] * 50]
    found = perplexities(cycle, [[0, 1, 0, 2] * 5], 4, start=3)
    assert list(found) == ["unigram", "bigram", "trigram"]
    assert found["unigram"] > found["bigram"] > found["trigram"] > 1


def test_an_unseen_token_is_never_impossible():
    model = kneser_ney([[0, 1, 0, 1]], 9, 3, start=8)
    assert (model.probabilities([5, 5]) > 0).all()


def test_bad_arguments():
    for documents, message in (([[]], "no tokens"), ([[9]], "document 0 has the id 9"), ([], "no")):
        with pytest.raises(InputError, match=message):
            kneser_ney(documents, 5, 2, start=0)
    for options, message in (({"order": 4}, "order=4"), ({"discount": 2}, "discount=2")):
        with pytest.raises(InputError, match=message):
            kneser_ney([[1]], 5, start=0, **options)
    model = kneser_ney([[1, 2]], 5, 3, start=0)
    with pytest.raises(InputError, match="history"):
        model.probabilities([1])
    with pytest.raises(InputError, match="outside of the vocabulary"):
        model.perplexity([[5]])
    with pytest.raises(InputError, match="no tokens"):
        model.perplexity([[]])
