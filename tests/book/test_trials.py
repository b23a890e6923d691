"""The small experiments of the last chapter: what they measure, and that they are kept."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import recall_score

from labkit import evaluate_mrpc, load_model, load_mrpc, plots, prune_global
from labkit.book import trials
from labkit.book.draft import VARIABLE
from labkit.evaluation.scores import Evaluation


@pytest.mark.parametrize("positives", [0.3, 0.5, 0.8])
def test_recall_by_class_is_that_of_scikit_learn(positives):
    rng, rows, expected = np.random.default_rng(3), [], []
    for level in (0.0, 0.5, 0.9):
        labels = (np.arange(50) < 50 * positives).astype(int)
        scores = Evaluation(np.arange(50), labels, rng.normal(size=(50, 2)).astype("float32"))
        rows.append({"model": "m", "level": level} | scores.row())
        expected.append([recall_score(labels, scores.predictions, pos_label=c) for c in (1, 0)])
    found = trials.recall_by_class(pd.DataFrame(rows))
    np.testing.assert_allclose(found[["recall_1", "recall_0"]], expected, atol=1e-12)
    plot = plots.plot_recall(found)
    assert f"{100 * expected[-1][0]:.0f} %" in plot.alt


def test_random_prunings_are_kept_and_the_baseline_is_magnitude(tmp_path):
    found = trials.random_prunings("gpt2", (0.8,), (4,), out=tmp_path)
    assert found["method"].tolist() == ["global", "random"]
    model, tokenizer, _ = load_model("gpt2")
    prune_global(model, 0.8)
    scores = evaluate_mrpc(model, tokenizer, load_mrpc()["validation"])
    assert found["accuracy"].iloc[0] == pytest.approx(scores.accuracy)
    files = list((tmp_path / "trials").iterdir())
    assert len(files) == 1
    before = files[0].stat().st_mtime_ns
    again = trials.random_prunings("gpt2", (0.8,), (4,), out=tmp_path)
    pd.testing.assert_frame_equal(found, again)
    assert files[0].stat().st_mtime_ns == before
    assert "1 seeds" in plots.plot_random(found, "gpt2").alt


def test_each_seed_has_a_point_that_no_other_one_hides():
    rows = [("global", -1, 0.9), ("random", 0, 0.5), ("random", 1, 0.5), ("random", 2, 0.7)]
    table = pd.DataFrame(rows, columns=["method", "seed", "accuracy"]).assign(level=0.1)
    plot = plots.plot_random(table, "mini")
    points = plot.figure.axes[0].collections[1].get_offsets().tolist()
    assert len({tuple(point) for point in points}) == 3
    assert sorted(y for _, y in points) == [50, 50, 70]
    assert "90.0 % by magnitude and 50.0 % to 70.0 % at random" in plot.alt


def test_recovery_scores_three_states_of_one_model(tmp_path):
    found = trials.recovery("gpt2", 0.6, steps=1, out=tmp_path)
    assert tuple(found["state"]) == trials.STATES
    assert found["sparsity"].iloc[0] < 0.01
    assert found["sparsity"].iloc[1] == pytest.approx(0.6, abs=1e-5)
    assert found["sparsity"].iloc[2] == pytest.approx(0.6, abs=1e-5)
    assert found["loss"].nunique() == 3
    first = found["accuracy"].iloc[0]
    assert f"{100 * first:.1f} %" in plots.plot_recovery(found, "gpt2").alt


def test_a_matrix_that_keeps_its_weights_costs_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, "1")  # some pairs tell as much
    found = trials.layer_sensitivity("gpt2", 0.0, out=tmp_path)
    assert found["parameter"].is_unique and len(found) == 16
    assert (found["accuracy_drop"] == 0).all() and (found["loss_rise"] == 0).all()
    plot = plots.plot_sensitivity(found, "gpt2", 0.0)
    assert found["parameter"].iloc[0] in plot.alt
    names = {text.get_text() for text in plot.figure.legends[0].get_texts()}
    assert names == {"attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"}
