import functools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sklearn_metrics

from labkit.errors import InputError
from labkit.evaluation.bootstrap import Interval
from labkit.evaluation.metrics import accuracy, f1, matthews
from labkit.evaluation.paired import compare_paired
from labkit.evaluation.scores import Evaluation

classes = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=60)


def evaluation(labels, predictions, margin=1.0, **options):
    labels, predictions = np.array(labels, int), np.array(predictions, int)
    logits = np.zeros((len(labels), 2), dtype=np.float32)
    logits[np.arange(len(labels)), predictions] = margin
    return Evaluation(np.arange(len(labels)), labels, logits, **options)


@pytest.mark.filterwarnings("ignore:A single label")
@given(classes)
@settings(deadline=None)
def test_metrics_agree_with_scikit_learn(pairs):
    labels, predictions = map(np.array, zip(*pairs, strict=True))
    assert accuracy(labels, predictions) == sklearn_metrics.accuracy_score(labels, predictions)
    expected = sklearn_metrics.f1_score(labels, predictions, zero_division=0)
    assert f1(labels, predictions) == pytest.approx(expected)
    expected = sklearn_metrics.matthews_corrcoef(labels, predictions)
    assert matthews(labels, predictions) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("score", [accuracy, f1, matthews])
def test_labels_without_a_prediction_each_are_refused(score):
    for labels, predictions in (([1, 0], [1]), ([1, 0], 1), ([[1], [0]], [[1], [0]]), ([], [])):
        with pytest.raises(InputError, match=r"both must be \(n,\)"):
            score(np.array(labels), np.array(predictions))


@pytest.mark.parametrize("score", [accuracy, f1, matthews])
def test_what_is_no_class_is_refused_with_its_row(score):
    for labels, predictions, said in (
        ([1, 0, 1], [0.9, 0.2, 0.7], r"row 0 of the predictions is 0\.9"),
        ([1.0, 0.0, 1.0], [1, 0, np.nan], "row 2 of the predictions is nan"),
        ([-1, -1, -1], [1, 0, 1], "row 0 of the labels is -1"),
    ):
        with pytest.raises(InputError, match=said):
            score(np.array(labels), np.array(predictions))
    assert score(np.array([1.0, 0.0]), np.array([True, False])) == 1
    three = np.array([0, 1, 2]), np.array([0, 2, 2])
    if score is accuracy:
        assert score(*three) == sklearn_metrics.accuracy_score(*three)
        assert score(np.array(["a", "b"]), np.array(["b", "b"])) == 0.5
    else:
        with pytest.raises(InputError, match=r"row 2 of the labels is 2, .* from 0 to 1"):
            score(*three)


def test_loss_agrees_with_scikit_learn_and_is_stable():
    rng = np.random.default_rng(0)
    labels, logits = rng.integers(0, 2, 50), rng.normal(0, 3, (50, 2)).astype(np.float32)
    result = Evaluation(np.arange(50), labels, logits)
    probabilities = np.exp(logits.astype(float))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    assert result.loss == pytest.approx(sklearn_metrics.log_loss(labels, probabilities))
    huge = Evaluation(np.arange(1), np.array([0]), np.float32([[-1e4, 1e4]]))
    assert huge.loss == 2e4


def test_collapse_and_baselines_at_the_sizes_of_mrpc():
    labels = np.r_[np.ones(279, int), np.zeros(129, int)]
    result = evaluation(labels, np.ones(408, int), prior=0.6745)
    assert result.collapsed_to == 1
    assert result.accuracy == result.baselines.majority_accuracy == pytest.approx(0.6838, abs=1e-4)
    assert result.f1 == result.baselines.majority_f1 == pytest.approx(0.8122, abs=1e-4)
    assert result.matthews == 0
    assert result.baselines.prior_loss == pytest.approx(0.624, abs=1e-3)
    mixed = evaluation(labels, np.r_[np.ones(407, int), 0])
    assert mixed.collapsed_to is None


@pytest.mark.parametrize("labels", [[0, 0, 0], [1, 1]])
def test_baselines_of_one_class(labels):
    baselines = evaluation(labels, labels).baselines
    assert baselines.majority_accuracy == 1 and baselines.prior_loss == 0


def test_interval_has_the_width_that_theory_gives():
    rng = np.random.default_rng(3)
    right = rng.random(408) < 0.87
    labels = rng.integers(0, 2, 408)
    result = evaluation(labels, np.where(right, labels, 1 - labels))
    interval = result.interval("accuracy")
    half = 1.96 * math.sqrt(result.accuracy * (1 - result.accuracy) / 408)
    assert interval.low == pytest.approx(result.accuracy - half, abs=0.006)
    assert interval.high == pytest.approx(result.accuracy + half, abs=0.006)
    for metric in ("loss", "f1", "matthews"):
        interval = result.interval(metric)
        assert interval.low < getattr(result, metric) < interval.high
    with pytest.raises(InputError, match="no metric 'recall'"):
        result.interval("recall")


@given(st.integers(0, 20), st.integers(0, 20), st.integers(1, 20))
@settings(deadline=None, max_examples=30)
def test_mcnemar_is_the_exact_binomial_test(only_first, only_second, both):
    n = only_first + only_second + both
    labels = np.zeros(n, int)
    first, second = labels.copy(), labels.copy()
    second[:only_first] = 1
    first[only_first : only_first + only_second] = 1
    result = compare_paired(evaluation(labels, first), evaluation(labels, second), resamples=50)
    assert (result.only_first, result.only_second) == (only_first, only_second)
    smaller = min(only_first, only_second)
    expected = min(1.0, 2 * stats.binom.cdf(smaller, only_first + only_second, 0.5))
    assert result.p_value == pytest.approx(expected)
    assert result.accuracy_difference == pytest.approx((only_second - only_first) / n)


@pytest.mark.filterwarnings("ignore:A single label", "ignore:F-score is ill-defined")
@pytest.mark.parametrize("at_once", [1, 100, 1 << 20])
def test_intervals_are_those_of_resampling_row_by_row(at_once, monkeypatch):
    monkeypatch.setattr("labkit.evaluation.bootstrap._DRAWS", at_once)
    rng = np.random.default_rng(0)
    labels, logits = rng.integers(0, 2, 23), rng.normal(0, 2, (23, 2)).astype(np.float32)
    result = Evaluation(np.arange(23), labels, logits, seed=4)
    wanted = {
        "accuracy": sklearn_metrics.accuracy_score,
        "f1": functools.partial(sklearn_metrics.f1_score, zero_division=0),
        "matthews": sklearn_metrics.matthews_corrcoef,
    }
    draws = np.random.default_rng(4).integers(0, 23, (60, 23))
    for metric, score in wanted.items():
        values = [score(labels[at], result.predictions[at]) for at in draws]
        interval = result.interval(metric, resamples=60)
        expected = np.quantile(values, (0.025, 0.975))
        assert (interval.low, interval.high) == pytest.approx(tuple(expected), abs=1e-12)
    losses = np.quantile([result.losses[at].mean() for at in draws], (0.025, 0.975))
    interval = result.interval("loss", resamples=60)
    assert (interval.low, interval.high) == pytest.approx(tuple(losses))


def test_a_bootstrap_of_nothing_is_refused():
    one, none = evaluation([0, 1], [0, 1]), evaluation([], [])
    for ask in (
        lambda: one.interval("f1", resamples=0),
        lambda: evaluation([0, 1], [0, 1], seed=-1).interval("f1"),
        lambda: none.interval("loss"),
        lambda: compare_paired(one, one, resamples=0),
        lambda: compare_paired(none, none),
    ):
        with pytest.raises(InputError, match="a bootstrap needs at least one"):
            ask()


def test_pairing_narrows_the_interval():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 408)
    first = np.where(rng.random(408) < 0.85, labels, 1 - labels)
    second = np.where(rng.random(408) < 0.02, 1 - first, first)
    a, b = evaluation(labels, first), evaluation(labels, second)
    paired = compare_paired(a, b).accuracy_interval
    unpaired = a.interval("accuracy")
    assert paired.high - paired.low < 0.5 * (unpaired.high - unpaired.low)
    same = compare_paired(a, a)
    assert same.p_value == 1 and same.accuracy_interval == Interval(0, 0)


def test_other_rows_cannot_be_paired():
    a = evaluation([0, 1, 1], [0, 1, 1])
    with pytest.raises(InputError, match="same rows"):
        compare_paired(a, evaluation([0, 1], [0, 1]))
    with pytest.raises(InputError, match="same rows"):
        compare_paired(a, evaluation([0, 1, 0], [0, 1, 1]))


def test_save_and_load(tmp_path):
    result = evaluation([0, 1, 1, 0], [0, 1, 0, 0], prior=0.7, seed=5)
    loaded = Evaluation.load(result.save(tmp_path / "e.parquet"))
    assert loaded.row() == result.row() and (loaded.prior, loaded.seed) == (0.7, 5)
    (tmp_path / "e.parquet").write_text("no")
    with pytest.raises(InputError, match="not a saved evaluation"):
        Evaluation.load(tmp_path / "e.parquet")
