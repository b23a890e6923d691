"""What is lent to a student's function shows what was done to it, wherever it was."""

import copy
import pickle

import pytest
import torch
from places import ROOT

from labkit.checks import REGISTRY
from labkit.checks.engine.plain_data import dumps, loads
from labkit.checks.lent.shared import Shared
from labkit.checks.lent.tokenizers import changed, lend
from labkit.checks.mrpc.encode import _tokenizer
from labkit.checks.process.submission import Submission
from labkit.models.sources import MODEL_NAMES

VARIANTS = ROOT / "tests/labs/variants/mrpc.encode"


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_a_call_changes_nothing(name):
    lent = lend(_tokenizer(name))
    how = {"truncation": True, "padding": True, "max_length": 8}
    rows = lent(["one two three"] * 2, ["four"] * 2, **how)["input_ids"]
    assert rows == _tokenizer(name)(["one two three"] * 2, ["four"] * 2, **how)["input_ids"]
    assert changed(_tokenizer(name), lent) == []
    assert changed(_tokenizer(name), loads(dumps(lent))) == []


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_settings_come_back(name):
    lent = lend(_tokenizer(name))
    lent.truncation_side, lent.model_max_length, lent.pad_token = "left", 9, "!"
    for seen in (lent, loads(dumps(lent))):
        wanted = ["model_max_length", "pad_token", "truncation_side"]
        assert changed(_tokenizer(name), seen) == wanted


@pytest.mark.parametrize("variant", ["wrong_padding_side", "right_put_back"])
def test_in_another_process(variant):
    with Submission(VARIANTS / f"{variant}.py") as submission:
        *others, kept = submission.grade(REGISTRY["mrpc.encode"], 3).verdicts
    assert all(verdict.passed for verdict in others)
    assert kept.passed == variant.startswith("right")
    assert kept.passed or "(padding_side)" in kept.message


@pytest.mark.parametrize("send", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_tensors_on_one_memory_stay_so_wherever_they_are_sent(send):
    views = {"a": (0, (2, 3), (3, 1), 0, False), "b": (0, (3, 2), (1, 3), 0, True)}
    model = send(Shared([torch.arange(9.0)], views | {"c": (0, (3,), (1,), 6, False)}))
    model.a.data[0, 1] = 7
    assert model.b[1, 0] == 7 and model.b.data_ptr() == model.a.data_ptr()
    assert model.c.tolist() == [6, 7, 8] and model.c.data_ptr() != model.a.data_ptr()
    assert {name for name, _ in model.named_parameters()} == {"a", "c"}
    assert loads(dumps(model)).contents["b"][1, 0] == 7
