"""Peers in environments of their own: what cannot be had says why, and answers are compared."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from benchmarks import engine_peers, engines, own_environment


def test_answers_differ_by_what_numpy_says():
    generator = torch.Generator().manual_seed(0)
    expected = torch.randn(4, 3, 2, generator=generator)
    found = expected + 0.3 * torch.randn(4, 3, 2, generator=generator)
    apart, one, other = (found - expected).numpy(), found.numpy(), expected.numpy()
    measured = engines.difference(found, expected)
    assert measured["largest"] == pytest.approx(np.abs(apart).max())
    assert measured["mean"] == pytest.approx(np.abs(apart).mean())
    assert measured["spread"] == pytest.approx(other.std(ddof=1))
    same = (one[..., 1] > one[..., 0]) == (other[..., 1] > other[..., 0])
    assert measured["same"] == pytest.approx(same.mean())
    assert engines.difference(expected, expected)["same"] == 1


def test_an_engine_that_cannot_run_says_why(tmp_path, monkeypatch):
    monkeypatch.setattr(engine_peers.Engine, "environment", lambda engine: sys.executable)
    np.savez(tmp_path / "inputs.npz", input_ids=np.zeros((1, 1, 4)), attention_mask=np.ones((1, 4)))
    with pytest.raises(subprocess.SubprocessError, match="No module named 'deepsparse'"):
        engine_peers.Running(engine_peers.deepsparse(0.9), tmp_path, 1)


def test_a_python_that_is_not_here_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path))
    with pytest.raises(OSError, match=r"needs Python 3\.2, which is not on this machine"):
        own_environment.interpreter("nothing==1.0", python="3.2")


def test_what_was_not_measured_stands_in_the_table_with_its_reason():
    way = {"seconds": 0.5, "largest": 0.1, "mean": 0.05, "same": 1.0, "spread": 0.2}
    ways = {key: way for key in engines.titles() if not key.startswith("deepsparse")}
    data = {
        "models": {"roberta": {"8x128": ways}},
        "missing": {"DeepSparse 1.8.0": engine_peers.LICENCE},
        "notes": {},
    }
    claim = engines._claim(data, busy=True)
    rows = [row for row in claim.rows if "DeepSparse" in row[1]]
    assert len(rows) == len(engines.LEVELS)
    assert {row[2] for row in rows} == {"not measured"}
    assert "`--accept-deepsparse-license`" in claim.note
    assert "Other programs ran" in claim.note
    ((what, _, result),) = claim.headlines
    assert "DeepSparse" not in result
    assert what.startswith("RoBERTa")
    assert "with bf16 activations 1.0 / 1.0 / 1.0" in result
    assert "labkit" not in result.partition("dense bf16")[2]  # ours stands for itself
