"""The experiments of chapter 7: what is pruned is what a trial says."""

import dataclasses

import pytest

from labkit.book import criteria
from labkit.book.criteria import Trial


@pytest.fixture
def few(monkeypatch):
    """As few pairs as tell that a model was pruned at all."""
    monkeypatch.setattr(criteria, "PAIRS", 8)


def test_trials_prune_what_they_say(few, tmp_path):
    trials = [
        Trial("global magnitude", 0.5),
        Trial("magnitude", "2:4"),
        Trial("Wanda", 0.5, "noise", 2),
        Trial("SparseGPT", 0.5, sequences=2, part="attention"),
        Trial("Wanda", 0.5, sequences=2, shares="outliers"),
    ]
    rows = criteria.scores("roberta", trials, out=tmp_path)
    assert list(rows["criterion"]) == ["dense", *(trial.criterion for trial in trials)]
    assert list(rows["sparsity"]) == pytest.approx(
        [0, 0.5, 0.5, 0.5, 1 / 6, 0.5], abs=3e-3
    )  # Wanda counts in rows
    again = criteria.scores("roberta", trials, out=tmp_path)
    assert again.equals(rows)


def test_each_matrix_has_its_inputs_looked_at(tmp_path):
    rows = criteria.outliers("roberta", out=tmp_path)
    assert set(rows["part"]) == {"attention", "feed-forward"} and len(rows) == 24
    assert (rows["largest"] >= 1).all() and rows["share"].between(0, 1).all()


def test_each_trial_of_the_page_is_one_of_its_own():
    trials = [*criteria.AGAINST, *criteria.CALIBRATED, *criteria.SHARED, *criteria.PARTS]
    said = [tuple(dataclasses.asdict(trial).values()) for trial in trials]
    assert len(set(said)) == len(said)
