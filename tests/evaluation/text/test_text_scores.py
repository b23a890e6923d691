import numpy as np
import pytest

from labkit.errors import InputError
from labkit.evaluation.text.compare import compare_texts
from labkit.evaluation.text.evaluate import evaluate_text
from labkit.evaluation.text.scores import TextEvaluation

SENTENCES = [
    f"The {what} said on {day} that it would {do}."
    for what in ("city", "company", "minister")
    for day in ("Monday", "Friday")
    for do in ("wait", "pay more", "sell the plant", "go")
]


def made(nats, tokens, document=None, **changes):
    nats, tokens = np.array(nats, dtype=float), np.array(tokens)
    document = np.arange(len(nats)) if document is None else np.array(document)
    values = {
        "kind": "causal",
        "document": document,
        "nats": nats,
        "tokens": tokens,
        "bytes": 4 * tokens,
        "informed": 0 * tokens,
        "digests": np.arange(document.max() + 1),
        "context": 8,
        "stride": 4,
        "vocabulary": 100,
    }
    return TextEvaluation(**values | changes)


def test_figures_are_of_all_tokens_together():
    found = made([10.0, 2.0], [5, 1])
    assert found.loss == 2.0 and found.perplexity == pytest.approx(np.exp(2))
    assert found.bits_per_byte == pytest.approx(12 / 24 / np.log(2))
    assert not found.collapsed and made([10.0], [2]).collapsed
    assert made([8000.0], [2]).perplexity == np.inf, "far from any distribution, and no error"


def test_the_interval_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(0)
    hits = 0
    for seed in range(200):
        tokens = rng.integers(5, 60, 40)
        nats = tokens * 2.0 + rng.normal(0, 1.5, 40) * tokens
        interval = made(nats, tokens, seed=seed).interval("loss", 400)
        hits += interval.low <= 2.0 <= interval.high
    assert 0.88 < hits / 200 < 0.99


def test_blocks_of_one_long_document_keep_neighbours_together():
    rng = np.random.default_rng(1)
    noise = np.repeat(rng.normal(0, 1, 40), 25)[:1000]  # runs of 25 windows alike
    long = made(100 + 10 * noise, np.full(1000, 10), document=np.zeros(1000, dtype=int))
    assert len(np.unique(long.units())) == 100, "blocks of 10 windows"
    blocks = long.interval("loss")
    alone = made(long.nats, long.tokens).interval("loss")
    assert blocks.high - blocks.low > 2 * (alone.high - alone.low)
    single = made([3.0], [2])
    assert np.isnan(single.interval("loss").low), "one block tells nothing of its kind"
    few = made(np.ones(24), np.ones(24, dtype=int), document=np.repeat([0, 1, 2], 8))
    assert few.units().tolist() == [n // 2 for n in range(24)]


def test_what_was_saved_is_read_back(language_model, tmp_path):
    found = evaluate_text(*language_model("gpt2"), [*SENTENCES, ""], seed=4)
    again = TextEvaluation.load(found.save(tmp_path / "texts.parquet"))
    assert again.row() == found.row() and "left out" in found.row()["text_remarks"]
    for name in ("document", "nats", "tokens", "bytes", "informed", "digests"):
        np.testing.assert_array_equal(getattr(again, name), getattr(found, name))
    (tmp_path / "other.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match="not a saved evaluation of texts"):
        TextEvaluation.load(tmp_path / "other.parquet")


def test_pairs_take_out_what_both_share(language_model):
    first = evaluate_text(*language_model("gpt2"), SENTENCES)
    second = evaluate_text(*language_model("gpt2", 1), SENTENCES)
    found = compare_texts(first, second)
    assert found.documents == found.lower + found.higher == len(SENTENCES)
    cost = [e.document_nats / e.document_bytes for e in (first, second)]
    assert found.lower == (cost[1] < cost[0]).sum()
    assert found.loss_difference == pytest.approx(second.loss - first.loss)
    assert found.loss_interval.low < found.loss_difference < found.loss_interval.high
    back = compare_texts(second, first)
    assert back.bits_per_byte_difference == pytest.approx(-found.bits_per_byte_difference)
    assert (back.lower, back.p_value) == (found.higher, found.p_value)
    same = compare_texts(first, first)
    assert (same.lower, same.higher, same.p_value, same.loss_interval.high) == (0, 0, 1.0, 0.0)
    # A shift that all documents share has a narrow interval, however much they differ.
    hard = made(np.arange(1, 31) * 10.0, np.full(30, 10))
    shifted = made(np.arange(1, 31) * 10.0 + 1, np.full(30, 10))
    paired, single = compare_texts(hard, shifted), hard.interval("loss")
    assert paired.loss_interval.high - paired.loss_interval.low < 1e-9
    assert single.high - single.low > 1 and (paired.lower, paired.higher) == (0, 30)
    assert paired.p_value == pytest.approx(2 * 0.5**30)


def test_other_tokens_can_be_compared_by_bytes_only():
    found = compare_texts(
        made([4.0, 5.0], [2, 2]), made([4.0, 6.0], [1, 3], bytes=np.array([8, 8]))
    )
    assert np.isnan(found.loss_difference) and np.isnan(found.loss_interval.low)
    assert found.bits_per_byte_difference == pytest.approx(1 / 16 / np.log(2))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"digests": np.array([7, 1])}, "not of the same documents"),
        ({"kind": "masked"}, "one evaluation is of perplexity, the other of pseudo-perplexity"),
        ({"at_once": 3}, "of 3 masked at once"),
    ],
)
def test_what_cannot_be_compared_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        compare_texts(made([4.0, 5.0], [2, 2]), made([4.0, 5.0], [2, 2], **change))
    long = made(np.ones(9), np.ones(9, dtype=int), document=np.zeros(9, dtype=int))
    short = made(np.ones(8), np.ones(8, dtype=int), document=np.zeros(8, dtype=int))
    with pytest.raises(InputError, match="different windows"):
        compare_texts(long, short)


def test_other_metrics_are_refused():
    with pytest.raises(InputError, match="loss, perplexity, bits_per_byte"):
        made([1.0], [1]).interval("accuracy")
    with pytest.raises(InputError, match="at least 1 and 0"):
        made([1.0], [1]).interval("loss", 0)
