"""The self-made corpus: bytes, schema, proportions, no leaks, and what its text looks like."""

import json
import re
import subprocess
import sys
from itertools import islice, pairwise

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from labkit.errors import InputError
from labkit.files import sha256
from labkit.mini import (
    CORPUS_FOLDER,
    KINDS,
    generate_corpus,
    generate_pairs,
    pair_kinds,
    pair_stream,
    write_corpus,
)
from labkit.mini.corpus import held_out_sentences
from labkit.mini.grammar import MAX_WORDS, MIN_WORDS

FILES = ("train.jsonl", "validation.jsonl", "test.jsonl", "kinds.jsonl")
HASHES = {
    "train.jsonl": "28e9af4bb8bf3652babcd76d39e8f5e59f18bdb77c53865515a703df36438cfe",
    "validation.jsonl": "7edf7bcc2fba2493b763431e31e83f456998723587a16d6bdb1d33cf25f20e91",
    "test.jsonl": "10b1df4bab94967e1d187fadfaf65b949e14d5d1b2b5bd64ccb7dceb92437e23",
    "kinds.jsonl": "c61bc9aaabd48b8facf69acfb9405e04dc9d0f293beca6d77396460c66308b71",
}
SMALL = {"train": 60, "validation": 30, "test": 30}


@pytest.fixture(scope="module")
def splits():
    return generate_pairs()


@pytest.fixture(scope="module")
def everything(splits):
    return [pair for pairs in splits.values() for pair in pairs]


def test_the_shipped_corpus_is_what_the_generator_writes(tmp_path):
    written = write_corpus(tmp_path)
    assert [path.name for path in written] == list(FILES)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (CORPUS_FOLDER / name).read_bytes()


@pytest.mark.parametrize("name", FILES)
def test_hashes_are_pinned(name):
    assert sha256(CORPUS_FOLDER / name) == HASHES[name]


def test_another_seed_gives_another_corpus():
    assert generate_pairs(1, SMALL) != generate_pairs(2, SMALL)
    assert generate_pairs(1, SMALL) == generate_pairs(1, SMALL)


def test_files_are_canonical_json_lines():
    raw = (CORPUS_FOLDER / "validation.jsonl").read_bytes()
    assert b"\r" not in raw
    assert raw.endswith(b"}\n")
    for line in raw.decode("utf-8").splitlines():
        row = json.loads(line)
        assert list(row) == ["sentence1", "sentence2", "label", "idx"]
        assert json.dumps(row, ensure_ascii=False) == line


def test_schema_is_that_of_mrpc():
    from datasets import ClassLabel, DatasetDict, Value

    corpus = generate_corpus(5, SMALL)
    assert isinstance(corpus, DatasetDict)
    assert list(corpus) == ["train", "validation", "test"]
    for split, size in SMALL.items():
        assert dict(corpus[split].features) == {
            "sentence1": Value("string"),
            "sentence2": Value("string"),
            "label": ClassLabel(names=["not_equivalent", "equivalent"]),
            "idx": Value("int32"),
        }
        assert list(corpus[split].features) == ["sentence1", "sentence2", "label", "idx"]
        assert corpus[split]["idx"][:] == list(range(size))


def test_the_dataset_holds_the_shipped_rows():
    corpus = generate_corpus()
    for split in corpus:
        lines = (CORPUS_FOLDER / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
        assert corpus[split].to_list() == [json.loads(line) for line in lines]


def test_sizes_and_class_proportions(splits):
    counted = {s: (len(pairs), sum(p.label for p in pairs)) for s, pairs in splits.items()}
    assert counted == {"train": (3668, 2474), "validation": (408, 272), "test": (1725, 1150)}
    for pairs in splits.values():  # in random order, not sorted by label
        assert 0.55 < np.mean([pair.label for pair in pairs[: len(pairs) // 2]]) < 0.78


def test_no_sentence_stands_in_two_pairs(everything):
    sentences = [s for pair in everything for s in (pair.sentence1, pair.sentence2)]
    assert len(sentences) == len(set(sentences))


def test_the_stream_leaves_held_out_sentences_alone(splits):
    held_out = held_out_sentences()
    for split in ("validation", "test"):
        assert all({p.sentence1, p.sentence2} <= held_out for p in splits[split])
    pairs = list(islice(pair_stream(11), 3000))
    assert all(not {p.sentence1, p.sentence2} & held_out for p in pairs)
    assert pairs[:50] == list(islice(pair_stream(11), 50))
    assert pairs[:50] != list(islice(pair_stream(12), 50))
    assert 0.45 < np.mean([pair.label for pair in pairs]) < 0.55


def test_the_stream_would_repeat_held_out_pairs_otherwise(monkeypatch):
    first = next(pair_stream(11))
    monkeypatch.setattr(
        "labkit.mini.corpus.held_out_sentences", lambda: frozenset({first.sentence1})
    )
    assert next(pair_stream(11)) != first


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_kinds_agree_with_labels(splits, split):
    kinds = pair_kinds(split)
    assert kinds == [pair.kinds for pair in splits[split]]
    for pair, names in zip(splits[split], kinds, strict=True):
        assert (pair.label == 1) == (names == ())
        assert len(names) == pair.differences <= 4
        assert list(names) == [kind for kind in KINDS if kind in names]


def test_every_kind_occurs_alone(splits):
    alone = {pair.kinds[0] for pair in splits["validation"] if pair.differences == 1}
    assert alone == set(KINDS)


def _slots(pair, side):
    """The words of each slot of one sentence of the pair."""
    sentence, spans = (pair.sentence1, pair.spans1) if side == 1 else (pair.sentence2, pair.spans2)
    return {slot: sentence[start:end] for start, end, slot in spans}


def test_spans_and_changed_slots(everything):
    for pair in everything[:1500]:
        first, second = _slots(pair, 1), _slots(pair, 2)
        assert set(first) == set(second)
        assert {"agent", "patient", "verb", "number", "place", "day"} == set(first)
        assert (first["place"] == second["place"]) == ("place" not in pair.changed)
        same_day = sorted(first["day"].split()) == sorted(second["day"].split())
        assert same_day == ("day" not in pair.changed)
        assert bool(pair.changed) == (pair.label == 0)


def test_sentences_read_like_news(everything):
    for pair in everything:
        for sentence in (pair.sentence1, pair.sentence2):
            assert MIN_WORDS <= len(sentence.split()) <= MAX_WORDS
            assert sentence.endswith(" .")
            assert sentence[0].isupper()
            assert not re.search(r"\b[Aa] [aeiou]|\b[Aa]n [^aeiou]|  |\{|\}", sentence)
            assert not re.search(r"\b(prices|fees|wages|Falcons|engineers) was\b", sentence)
            assert sentence.isascii()
        assert pair.sentence1 != pair.sentence2


def _words(sentence):
    return sentence.lower().split()


def _overlap(pair):
    first, second = _words(pair.sentence1), _words(pair.sentence2)
    a, b = set(first), set(second)
    bigrams = [set(pairwise(words)) for words in (first, second)]
    return [
        len(a & b) / len(a | b),
        len(a & b),
        len(a - b),
        len(b - a),
        len(first),
        len(second),
        abs(len(first) - len(second)),
        len(bigrams[0] & bigrams[1]),
    ]


def test_non_paraphrases_overlap_nearly_as_much_as_paraphrases(everything):
    overlap = {0: [], 1: []}
    for pair in everything:
        overlap[pair.label].append(_overlap(pair)[0])
    assert np.mean(overlap[0]) > 0.5
    assert np.mean(overlap[1]) - np.mean(overlap[0]) < 0.2


def test_neither_length_nor_overlap_gives_the_label_away(splits):
    labels = {split: np.array([p.label for p in pairs]) for split, pairs in splits.items()}
    table = {split: np.array([_overlap(p) for p in pairs]) for split, pairs in splits.items()}
    for columns, most in ((slice(4, 7), 0.70), (slice(0, 8), 0.82)):
        model = LogisticRegression(max_iter=5000).fit(table["train"][:, columns], labels["train"])
        assert model.score(table["test"][:, columns], labels["test"]) < most


def test_one_sentence_alone_says_nothing(splits):
    from sklearn.feature_extraction.text import CountVectorizer

    words = CountVectorizer().fit([p.sentence2 for p in splits["train"]])
    model = LogisticRegression(max_iter=2000, C=0.1)
    model.fit(
        words.transform([p.sentence2 for p in splits["train"]]),
        [p.label for p in splits["train"]],
    )
    score = model.score(
        words.transform([p.sentence2 for p in splits["test"]]), [p.label for p in splits["test"]]
    )
    assert score < 0.70


@pytest.mark.parametrize(
    "sizes",
    [
        {"train": 5},
        {"train": 0, "validation": 1, "test": 1},
        {"train": 1.5, "validation": 1, "test": 1},
        {"train": True, "validation": 1, "test": 1},
    ],
)
def test_bad_sizes(sizes):
    with pytest.raises(InputError, match="sizes"):
        generate_pairs(1, sizes)


def test_bad_split():
    with pytest.raises(InputError, match="'dev'"):
        pair_kinds("dev")


def test_importing_the_package_is_light():
    code = (
        "import sys, labkit.mini, labkit.mini.tokenizers, labkit.mini.recipe\n"
        "print([m for m in ('torch', 'datasets', 'transformers', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
