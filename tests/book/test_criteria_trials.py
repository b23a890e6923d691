"""The experiments of chapter 7: what is pruned is what a trial says."""

import dataclasses

import numpy as np
import pytest

from labkit.book import criteria, criteria_text
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


@pytest.fixture(scope="module")
def language_rows(tmp_path_factory):
    trials = [
        Trial("global magnitude", 0.5, "documents"),
        Trial("magnitude", "2:4", "documents"),
        Trial("Wanda", 0.5, "documents", 32),
        Trial("Wanda", 0.5, "documents", 1),
        Trial("SparseGPT", 0.5, "other", 32),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(criteria_text, "DOCUMENTS", 2)
        patch.setattr(criteria_text, "LENGTH", 16)
        return criteria_text.text_scores("gpt2", trials, out=tmp_path_factory.mktemp("kept"))


def test_a_language_model_is_pruned_and_pays(language_rows):
    rows = language_rows
    assert list(rows["sparsity"]) == pytest.approx([0, 0.5, 0.5, 0.5, 0.5, 0.5], abs=1e-3)
    assert (rows["loss"].iloc[1:] > rows["loss"].iloc[0]).all()
    assert rows["perplexity"].to_numpy() == pytest.approx(np.exp(rows["loss"]))
    assert rows["loss"].nunique() == len(rows)  # each trial is another model


def test_tables_hold_each_trial_once(language_rows):
    table = criteria_text.by_goal(language_rows)
    assert list(table.index) == ["50 %", "2:4"] and list(table) == list(criteria.CRITERIA)
    assert table.loc["50 %", "Wanda"] == language_rows["perplexity"].iloc[3]
    assert table.loc["2:4"].notna().sum() == 1 and np.isnan(table.loc["50 %", "SparseGPT"])
    table = criteria_text.by_calibration(language_rows)
    assert list(table.index) == [
        "1 of the right text",
        "32 of the right text",
        "32 of the wrong text",
    ]
    assert table.loc["32 of the wrong text", "SparseGPT"] == language_rows["perplexity"].iloc[5]
