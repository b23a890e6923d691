"""The generated documents: bytes, splits, and that what a document has settled holds to its end."""

import json
import re
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.files import sha256
from labkit.mini import lexicon
from labkit.mini.stories import MAX_SENTENCES, MIN_SENTENCES, draw_document
from labkit.mini.texts import (
    SIZES,
    TEXT_FOLDER,
    draw_training_document,
    generate_texts,
    held_out_facts,
    write_texts,
)

HASHES = {
    "train": "d9632a83c903ddacde6e75196091a385b184d52df77d7ef054afa8b2063a3998",
    "validation": "be48f5beb841dd5e5c7bf16682a09787856f9db8fea3cde9f6f8f09ac15c3afe",
    "test": "d8fc19107e52700e7791c4fc0bee938213a3025c661dbef402e828a00d3db698",
}
NUMBERS = {form: n for n, word in lexicon.NUMBERS for form in (str(n), word)}
documents = st.integers(0, 2**40).map(lambda seed: draw_document(Random(seed)))


@pytest.fixture(scope="module")
def splits():
    return generate_texts()


def test_the_shipped_text_is_what_the_generator_writes(tmp_path):
    written = write_texts(tmp_path)
    assert {path.stem: sha256(path) for path in written} == HASHES
    for path in written:
        assert (TEXT_FOLDER / path.name).read_bytes() == path.read_bytes()
        assert b"\r" not in path.read_bytes()
    assert sum(path.stat().st_size for path in written) < 1_500_000


def test_files_hold_the_documents(splits):
    for split, texts in splits.items():
        lines = (TEXT_FOLDER / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
        assert [json.loads(line) for line in lines] == [{"text": text} for text in texts]
        assert len(texts) == SIZES[split]


def test_no_fact_opens_two_documents_and_training_draws_none_of_the_held_out(splits):
    opening = [text.split(" . ")[0] for texts in splits.values() for text in texts]
    assert len(opening) == len(set(opening))
    held_out = held_out_facts()
    assert {f"{text.split(' . ')[0]} ." for text in splits["validation"]} <= held_out
    rng = Random(5)
    drawn = [draw_training_document(rng) for _ in range(500)]
    assert not {f"{text.split(' . ')[0]} ." for text in drawn} & held_out
    again = Random(5)
    assert drawn[:20] == [draw_training_document(again) for _ in range(20)]


def test_training_passes_over_a_held_out_fact(monkeypatch):
    first = draw_document(Random(3))
    monkeypatch.setattr("labkit.mini.texts.held_out_facts", lambda: frozenset({first[0]}))
    assert draw_training_document(Random(3)) != " ".join(first)


@given(documents)
@settings(max_examples=60, deadline=None)
def test_documents_read_like_news(sentences):
    assert MIN_SENTENCES <= len(sentences) <= MAX_SENTENCES
    assert len(set(sentences)) == len(sentences)
    for sentence in sentences:
        assert sentence.isascii() and sentence.endswith(" .") and "  " not in sentence
        assert sentence.removeprefix('" ')[0] == sentence.removeprefix('" ')[0].upper()
        assert not re.search(r"[{}|]|\b[Aa] [aeiou]|\b[Aa]n [^aeiou]|\bthe the\b", sentence)
        assert sentence.count('"') in (0, 2)
    text = " ".join(sentences)
    assert not re.search(r"\b[Tt]hey (is|was|has|plans|comes|stands|says)\b", text)
    assert not re.search(r"\b([Ii]t|[Hh]e|[Ss]he) (are|were|have|plan|come|stand|say)\b", text)


@given(documents)
@settings(max_examples=60, deadline=None)
def test_places_days_and_views_hold_to_the_end(sentences):
    text = " ".join(sentences)
    words = text.replace("'", " ").split()
    assert len({word for word in words if word in lexicon.PLACES}) <= 2
    dates = {
        frozenset(match.split())
        for match in re.findall(
            rf"(?:{'|'.join(lexicon.MONTHS)}) \d+|\d+ (?:{'|'.join(lexicon.MONTHS)})", text
        )
    }
    assert len(dates) + len({word for word in words if word in lexicon.WEEKDAYS}) <= 2
    glad = re.search(r"welcomed|good news|good day|glad|friend of [^.]* for|has waited", text)
    sorry = re.search(r"upset|bad news|bad day|sorry|critic of [^.]* for|deserves better", text)
    assert not (glad and sorry)
    assert not ("will start on" in text and "will leave on" in text)
    assert not ("higher" in text and "lower" in text)


@given(documents)
@settings(max_examples=60, deadline=None)
def test_numbers_compare_as_is_said(sentences):
    text = " ".join(sentences)
    moved = re.search(r"the figure (rose|fell) from (\S+) to (\S+) \.", text)
    if moved:
        before, now = NUMBERS[moved[2]], NUMBERS[moved[3]]
        assert before != now and (moved[1] == "rose") == (before < now)
    last = re.search(r"year before , the figure was (\S+) .*? , (less|fewer|more) than now", text)
    if last and moved:
        assert NUMBERS[last[1]] == before and (last[2] == "more") == (before > now)
    years = set(re.findall(r"(\S+) years", text))
    assert len({NUMBERS[form] for form in years}) <= 1
