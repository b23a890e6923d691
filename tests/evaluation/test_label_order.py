"""A model is scored by what its classes are called, whichever number they have."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from labkit import evaluate_mrpc, load_model, load_mrpc
from labkit.errors import InputError
from labkit.evaluation.label_order import label_order
from labkit.evaluation.scores import Evaluation
from labkit.study.report import notes
from labkit.study.run import run_study
from labkit.study.settings import Settings
from labkit.training.recover import finetune_masked


def order(names, numbers=None):
    return label_order(SimpleNamespace(id2label=names, label2id=numbers))


@pytest.mark.parametrize(
    ("no", "yes"),
    [
        ("not_equivalent", "equivalent"),
        ("NOT EQUIVALENT", "Equivalent"),
        ("NotParaphrase", "Paraphrase"),
        ("non-paraphrase", "paraphrase"),
        ("is_not_duplicate", "is_duplicate"),
        ("no_match", "match"),
        ("not_entailment", "entailment"),
        ("LABEL_0", "LABEL_1"),
        ("0", "1"),
        (0, 1),
        (False, True),
        ("no", "yes"),
        ("different", "same"),
        ("not_equal", "equal"),
        ("unequal", "equal"),
        ("neutral", "entailment"),
        ("not_equivalent", "LABEL_1"),
    ],
)
def test_known_names_decide_whatever_their_numbers(no, yes):
    straight, turned = order({0: no, 1: yes}), order({"0": yes, "1": no})
    assert (straight.positive, turned.positive) == (1, 0)
    assert repr(str(yes)) in turned.remark and "the other way round" in turned.remark
    assert order({0: no, 1: yes}, {no: 0, yes: 1}) == straight
    assert order({0: yes, 1: no}, {"LABEL_0": 0, "LABEL_1": 1}) == turned, "filled in, not said"
    assert "the other way" not in straight.remark


def test_only_names_that_are_not_those_of_mrpc_are_worth_a_remark():
    assert order({0: "not_equivalent", 1: "equivalent"}).remark == ""
    assert order({0: "LABEL_0", 1: "LABEL_1"}).remark == order(None).remark == ""
    assert order({0: "no", 1: "yes"}).remark.startswith("class 1 of the model, 'yes', was taken")
    unknown = order({0: "LABEL_1", 1: "LABEL_2"})
    assert unknown.positive == 1 and "'LABEL_1', 1: 'LABEL_2') say nothing" in unknown.remark


def test_names_beside_those_that_are_filled_in_are_heard():
    filled = {0: "LABEL_0", 1: "LABEL_1"}
    assert order(filled, {"equivalent": 0, "not_equivalent": 1}).positive == 0


@pytest.mark.parametrize(
    ("names", "numbers", "message"),
    [
        ({0: "a", 1: "b", 2: "c"}, None, "3 classes (0: 'a', 1: 'b', 2: 'c'), and MRPC two"),
        ({0: "score"}, None, "1 classes"),
        ({1: "no", 2: "yes"}, None, "2 classes (1: 'no', 2: 'yes'), and MRPC two, 0 and 1"),
        ({0: "yes", 1: "equivalent"}, None, "cannot be told apart"),
        ({0: "not_same", 1: "no"}, None, "cannot be told apart"),
        ({0: "same", 1: "Same"}, None, "cannot be told apart"),
        ({0: "no", 1: "yes"}, {"no": 1, "yes": 0}, "label2id calls 'no' 1"),
        ({0: "a", 1: "b"}, {"a": 1, "b": 0}, "label2id calls"),
        (
            {0: "no", 1: "yes"},
            {"equivalent": 0, "not_equivalent": 1},
            "label2id calls 'equivalent'",
        ),
    ],
)
def test_what_cannot_be_told_is_refused(names, numbers, message):
    with pytest.raises(InputError, match=re.escape(message)):
        order(names, numbers)


def turned(model):
    """The same model with its classes in the other order, as its names say."""
    head = model.classifier.out_proj
    with torch.no_grad():
        for tensor in (head.weight, head.bias):
            tensor.copy_(tensor.flip(0))
    model.config.id2label = {0: "equivalent", 1: "not_equivalent"}
    model.config.label2id = {"equivalent": 0, "not_equivalent": 1}
    return model


def test_a_checkpoint_with_labels_the_other_way_round_scores_the_same(tmp_path):
    rows = load_mrpc()["validation"].select(range(60))
    model, tokenizer, _ = load_model("roberta")
    straight = evaluate_mrpc(model, tokenizer, rows)
    assert straight.remarks == ()
    folder = tmp_path / "turned.v1"
    turned(model).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    model, tokenizer, _ = load_model("x", folder)
    found = evaluate_mrpc(model, tokenizer, rows)
    np.testing.assert_allclose(found.logits, straight.logits, atol=1e-6)
    assert found.accuracy == straight.accuracy > 0.7
    (remark,) = found.remarks
    assert "'equivalent', was taken for equivalent" in remark
    assert Evaluation.load(found.save(tmp_path / "e.parquet")).remarks == found.remarks
    settings = Settings(source=str(folder), data="mini", levels=(0,), limit=8, length=8)
    study = run_study(settings, tmp_path / "out")
    assert f"turned.v1: {remark}." in notes(study)
    assert remark in study.results["remarks"].item()


def test_recovery_trains_towards_the_classes_of_the_model():
    data = load_mrpc()["train"].select(range(64))
    losses = []
    for change in (lambda model: model, turned):
        model, tokenizer, _ = load_model("roberta")
        losses.append(finetune_masked(change(model), tokenizer, data, {}, steps=3, seed=1))
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)


def test_the_command_says_which_class_was_taken_for_which(tmp_path, capsys):
    from typer.testing import CliRunner

    from labkit.cli.app import app

    model, tokenizer, _ = load_model("roberta")
    folder = tmp_path / "m"
    turned(model).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    arguments = ["study", "--source", str(folder), "--data", "mini", "--levels", "0"]
    arguments += ["--limit", "4", "--length", "4", "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "m: class 0 of the model, 'equivalent', was taken for equivalent" in done.output
