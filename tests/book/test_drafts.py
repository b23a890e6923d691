"""A draft of the book scores fewer examples, and shares no results with the book."""

import pytest

from labkit.book import draft, trials
from labkit.book.pages import course_study
from labkit.study.settings import Settings


@pytest.fixture
def drafted(monkeypatch):
    monkeypatch.setenv(draft.VARIABLE, "1")


def test_no_number_grows_and_only_a_draft_is_cut_short(monkeypatch):
    assert draft.at_most(408, draft.PAIRS) == 408
    monkeypatch.setenv(draft.VARIABLE, "1")
    assert draft.at_most(408, draft.PAIRS) == draft.PAIRS < 408
    assert draft.at_most(3, draft.PAIRS) == 3


def test_a_study_scores_fewer_examples(drafted, tmp_path):
    settings = Settings(models=("gpt2",), levels=(0.5,), task=("mrpc", "text"))
    study = course_study(settings, tmp_path)
    row, text = study.results.iloc[0], study.text.results.iloc[0]
    assert row["examples"] <= draft.PAIRS and text["documents"] <= draft.DOCUMENTS
    assert row["runtime_repeats"] == draft.REPEATS and row["runtime_batch"] == draft.BATCH
    assert row["sparsity"] == pytest.approx(0.5, abs=1e-5)


def test_what_a_trial_kept_is_not_taken_for_that_of_a_draft(tmp_path, monkeypatch):
    def kept(value):
        def compute():
            return [{"value": value}]

        compute.__module__ = trials.__name__  # whose code the key is made of
        return trials.kept("some", ["gpt2"], compute, tmp_path)["value"].item()

    assert kept(1) == 1 and kept(2) == 1
    monkeypatch.setenv(draft.VARIABLE, "1")
    assert kept(3) == 3 and kept(4) == 3
    monkeypatch.delenv(draft.VARIABLE)
    assert kept(5) == 1


def test_a_model_is_trained_for_fewer_steps(drafted, tmp_path):
    found = trials.recovery("gpt2", 0.6, steps=10**6, out=tmp_path)
    assert list(found["state"]) == list(trials.STATES)
