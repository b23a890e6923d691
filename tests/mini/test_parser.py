"""The recogniser takes every sentence of the grammar, and none of those next to them."""

import math
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.mini.corpus import generate_pairs
from labkit.mini.parser import grammatical_share, is_grammatical, sentences
from labkit.mini.stories import draw_document
from labkit.mini.texts import generate_texts

seeds = st.integers(0, 2**40)


@given(seeds)
@settings(max_examples=60, deadline=None)
def test_every_sentence_of_a_document_is_of_the_grammar(seed):
    document = draw_document(Random(seed))
    for sentence in document:
        assert is_grammatical(sentence), sentence
    assert tuple(sentences(" ".join(document))) == document


def test_the_shipped_text_and_the_sentences_of_the_pairs_are_of_the_grammar():
    assert grammatical_share(generate_texts()["test"][:120]) == 1.0
    pairs = generate_pairs(1, {"train": 1, "validation": 150, "test": 1})["validation"]
    assert all(is_grammatical(s) for pair in pairs for s in (pair.sentence1, pair.sentence2))


@given(seeds, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_shuffled_words_are_not(seed, rng):
    for sentence in draw_document(Random(seed)):
        words = sentence[:-2].split()
        words[0] = words[0].lower()
        mixed = list(words)
        rng.shuffle(mixed)
        if sum(a != b for a, b in zip(words, mixed, strict=True)) < 6:
            continue
        scrambled = " ".join([*mixed, "."])
        assert not is_grammatical(scrambled[0].upper() + scrambled[1:]), scrambled


NUMBER = {"is": "are", "was": "were", "has": "have", "plans": "plan", "stands": "stand"}
NUMBER |= {plural: singular for singular, plural in NUMBER.items()}


@given(seeds)
@settings(max_examples=60, deadline=None)
def test_a_verb_in_the_other_number_is_not(seed):
    """Every verb that agrees, across what stands between: "the lawyers of the bank was"."""
    for sentence in draw_document(Random(seed)):
        words = sentence.split()
        for at, word in enumerate(words):
            if word in NUMBER:
                broken = " ".join([*words[:at], NUMBER[word], *words[at + 1 :]])
                assert not is_grammatical(broken), broken


@pytest.mark.parametrize(
    "sentence",
    [
        "The lawyers of the chipmaker were not in Torvik on May 12 .",
        "It has been the talk of Torvik since 12 May .",
        "Arvent , known for its 12 offices , keeps silent until Monday .",
        '" This is a good day for Torvik , " she said .',
        "Senator Kell praised Mayor Quist in front of twelve reporters in Torvik on Monday .",
        "In Torvik , twelve engineers were hired by the bank Credan on Monday , officials said .",
        "The year before , the figure was 8 votes , fewer than now .",
    ],
)
def test_known_sentences(sentence):
    assert is_grammatical(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "The lawyers of the chipmaker was not in Torvik on May 12 .",
        "The lawyer of the clubs was not in Torvik on May 12 .",
        "It have been the talk of Torvik since 12 May .",
        "Arvent , known for their 12 offices , keeps silent until Monday .",
        "Arvent , known for its 12 offices , keep silent until Monday .",
        '" This is a good day for Torvik , " her said .',
        '" This is a good day for Torvik , she said .',
        "Senator Kell praised Mayor Quist in Torvik on Monday .",
        "Senator Kell beat Mayor Quist by 12 points in Torvik on Monday .",
        "Senator Kell praised Mayor Quist in front of 12 reporters in Torvik on May 31 .",
        "The year before , the figure was 8 votes , less than now .",
        "The year before , the figure was 8 percent , fewer than now .",
        "the lawyers of the chipmaker were not in Torvik on May 12 .",
        "The lawyers of the chipmaker were not in Torvik on May 12",
        "The lawyers of the chipmaker were not in  Torvik on May 12 .",
        "The lawyers of the chipmaker were not in Berlin on May 12 .",
        "It was a dark and stormy night .",
        "",
        ".",
        '" ',
    ],
)
def test_sentences_next_to_them(sentence):
    assert not is_grammatical(sentence)


def test_the_share_leaves_out_what_breaks_off():
    good, bad = "It has been the talk of Torvik since 12 May .", "It has talk of Torvik ."
    assert grammatical_share([f"{good} {bad}", f"{good} {good} The lawyers of"]) == 0.75
    assert grammatical_share([good, "of of of of"]) == 0.5
    assert grammatical_share([good, "  "]) == 1.0
    assert math.isnan(grammatical_share([]))
    assert sentences(f"{good}\n{bad} And") == [good, bad]
