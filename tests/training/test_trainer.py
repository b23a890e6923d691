"""`labkit.training.trainer.finetune` on tiny models, and through the stand-in of the hub."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hub_client import run
from hub_material import write_checkpoint, write_glue
from hub_standin import Repo, Standin
from turns import on_day

from labkit.errors import InputError, SourceError
from labkit.evaluation.classify import evaluate_mrpc
from labkit.evaluation.mrpc import load_mrpc
from labkit.models.load import load_model
from labkit.training.trainer import finetune

OPTIONS = {"epochs": 3, "learning_rate": 5e-3}
STEPS = 18  # 96 pairs in batches of 16, three times


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Tiny models on several threads spend their time waiting for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return {name: write_checkpoint(folder / name, name) for name in ("roberta", "gpt2", "bart")}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_glue(tmp_path_factory.mktemp("data") / "glue") / "mrpc"


@pytest.fixture(scope="module")
def finished(models, data, tmp_path_factory):
    """An uninterrupted run: its result and all that it reported."""
    steps = []
    out = tmp_path_factory.mktemp("out") / "roberta"
    result = finetune("roberta", models["roberta"], data, out, report=steps.append, **OPTIONS)
    return result, steps


def weights(path):
    return load_model("roberta", path, head="trained").model.state_dict()


def equal(first, second):
    return all(torch.equal(value, second[key]) for key, value in first.items())


def test_it_trains_reports_and_leaves_a_whole_checkpoint(finished, models, capfd):
    result, steps = finished
    assert (result.steps, result.resumed_from, result.device) == (STEPS, 0, "cpu")
    assert [e.epoch for e in result.epochs] == [1, 2, 3]
    assert [(s.step, s.steps) for s in steps] == [(n, STEPS) for n in range(1, STEPS + 1)]
    assert steps[0].loss is None
    assert steps[0].scores is None
    assert steps[-1].scores == result.epochs[1]  # the third epoch is scored after its last step
    assert steps[-1].loss == pytest.approx(np.log(2), abs=0.3)

    loaded = load_model("roberta", result.path, head="trained")
    body = load_model("roberta", models["roberta"]).model.state_dict()
    trained = loaded.model.state_dict()
    assert not equal({k: v for k, v in trained.items() if k.startswith("roberta.")}, body)
    assert loaded.model.config.id2label == {0: "not_equivalent", 1: "equivalent"}
    assert [p.name for p in result.path.parent.iterdir()] == ["roberta"]  # no .partial, no .old


def test_its_scores_are_those_of_evaluate_mrpc(finished, data):
    result, _ = finished
    model, tokenizer, _ = load_model("roberta", result.path, head="trained")
    evaluation = evaluate_mrpc(model, tokenizer, load_mrpc(data)["validation"])
    last = result.epochs[-1]
    assert last.loss == pytest.approx(evaluation.loss, rel=1e-5)
    assert last.accuracy == evaluation.accuracy
    assert last.f1 == pytest.approx(evaluation.f1)


def test_card_and_log_tell_the_recipe_but_no_path_of_this_machine(finished, models):
    result, _ = finished
    log = [json.loads(line) for line in (result.path / "log.jsonl").read_text().splitlines()]
    assert [r["eval_loss"] for r in log if "eval_loss" in r] == [e.loss for e in result.epochs]
    assert [r["step"] for r in log if "loss" in r] == [10]
    card = (result.path / "README.md").read_text()
    for said in ("| learning rate | 0.005 |", "| seed | 0 |", "| training pairs | 96 |"):
        assert said in card
    assert f"| 3 | {result.epochs[2].loss:.4f} |" in card
    assert "last epoch" in card
    for file in result.path.glob("*.[jm]*"):
        if file.suffix != ".safetensors":
            assert str(models["roberta"].parent) not in file.read_text(), file


def test_it_prints_nothing(models, data, tmp_path, capfd):
    finetune("roberta", models["roberta"], data, tmp_path / "out", epochs=1)
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")


class Stop(KeyboardInterrupt):
    """Ctrl-C, told apart from a real one."""


def stop_at(step):
    def report(now):
        if now.step == step:
            raise Stop

    return report


@pytest.mark.parametrize(("at", "resumed"), [(3, 0), (9, 6), (13, 12)])
def test_a_run_that_was_stopped_goes_on_to_the_same_weights(
    at, resumed, finished, models, data, tmp_path
):
    out = tmp_path / "roberta"
    with pytest.raises(Stop):
        finetune("roberta", models["roberta"], data, out, report=stop_at(at), **OPTIONS)
    assert not out.exists()

    seen = []
    result = finetune("roberta", models["roberta"], data, out, report=seen.append, **OPTIONS)
    assert result.resumed_from == resumed
    assert seen[0].step == resumed + 1
    assert result.epochs == finished[0].epochs
    assert equal(weights(result.path), weights(finished[0].path))


def test_a_half_written_state_is_passed_over(finished, models, data, tmp_path):
    out = tmp_path / "roberta"
    with pytest.raises(Stop):
        finetune("roberta", models["roberta"], data, out, report=stop_at(8), **OPTIONS)
    half = tmp_path / ".roberta.partial" / "checkpoint-12"
    shutil.copytree(half.with_name("checkpoint-6"), half)
    (half / "trainer_state.json").write_text('{"global_step": 12, "log_')
    other = shutil.copytree(half, half.with_name("checkpoint-18"))
    (other / "trainer_state.json").write_text("{}")
    assert finetune("roberta", models["roberta"], data, out, **OPTIONS).resumed_from == 6
    assert equal(weights(out), weights(finished[0].path))


def test_other_arguments_do_not_take_up_a_stopped_run(models, data, tmp_path):
    out = tmp_path / "roberta"
    with pytest.raises(Stop):
        finetune("roberta", models["roberta"], data, out, report=stop_at(8), **OPTIONS)
    with pytest.raises(InputError, match=r"interrupted run with epochs 3.*--no-resume"):
        finetune("roberta", models["roberta"], data, out, **{**OPTIONS, "epochs": 1})
    # Also where it is no longer known of which run the state is.
    (tmp_path / ".roberta.partial" / "settings.json").write_text('{"na')
    anew = finetune("roberta", models["roberta"], data, out, resume=False, epochs=1)
    assert (anew.resumed_from, anew.steps) == (0, 6)


@pytest.mark.parametrize("what", ["pairs", "model"])
def test_a_stopped_run_does_not_go_on_with_other_pairs_or_weights(what, models, data, tmp_path):
    source, corpus = tmp_path / "model", tmp_path / "corpus"
    shutil.copytree(models["gpt2"], source)
    shutil.copytree(data, corpus)
    arguments = ("gpt2", source, corpus, tmp_path / "out")
    with pytest.raises(Stop):
        finetune(*arguments, report=stop_at(8), **OPTIONS)
    if what == "model":
        model = load_model("gpt2", models["gpt2"], head="fresh", seed=3).model
        model.transformer.wte.weight.data.mul_(2)
        model.save_pretrained(source)
    else:
        rows = load_mrpc(corpus)
        shutil.rmtree(corpus)
        for split, part in rows.items():
            mended = part.map(lambda row: {"sentence1": row["sentence1"] + " mended"})
            mended.to_json(corpus / f"{split}.jsonl")
    with pytest.raises(InputError, match=rf"the {what} changed since .*--no-resume"):
        finetune(*arguments, **OPTIONS)
    assert finetune(*arguments, resume=False, **OPTIONS).resumed_from == 0


def test_the_seed_decides(models, data, tmp_path, finished):
    again = finetune("roberta", models["roberta"], data, tmp_path / "again", **OPTIONS)
    other = finetune("roberta", models["roberta"], data, tmp_path / "other", seed=1, **OPTIONS)
    assert equal(weights(again.path), weights(finished[0].path))
    assert not equal(weights(other.path), weights(again.path))


@pytest.mark.parametrize("name", ["gpt2", "bart"])
def test_the_other_families(name, models, data, tmp_path):
    result = finetune(name, models[name], data, tmp_path / name, epochs=1, max_length=1000)
    model, tokenizer, spec = load_model(name, result.path, head="trained")
    evaluation = evaluate_mrpc(model, tokenizer, load_mrpc(data)["validation"])
    assert spec.head == "trained"
    assert result.epochs[0].loss == pytest.approx(evaluation.loss, rel=1e-5)
    assert model.config.pad_token_id == tokenizer.pad_token_id


def test_it_never_overwrites(finished, models, data, tmp_path):
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "thesis.txt").write_text("all my work")
    for force in (False, True):
        with pytest.raises(InputError, match=r"taken exists and is no checkpoint"):
            finetune("roberta", models["roberta"], data, taken, force=force)
    assert (taken / "thesis.txt").read_text() == "all my work"

    out = shutil.copytree(finished[0].path, tmp_path / "roberta")
    with pytest.raises(InputError, match=r"already holds a fine-tuned checkpoint.*--force"):
        finetune("roberta", models["roberta"], data, out)
    assert equal(weights(out), weights(finished[0].path))
    finetune("roberta", models["roberta"], data, out, force=True, epochs=1)
    assert not equal(weights(out), weights(finished[0].path))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["roberta", "taken"]


def test_an_empty_folder_may_be_filled(models, data, tmp_path):
    (tmp_path / "empty").mkdir()
    result = finetune("roberta", models["roberta"], data, tmp_path / "empty", epochs=1)
    assert (result.path / "model.safetensors").is_file()


def test_a_full_disk_is_explained_and_the_run_goes_on(models, data, full_disk, tmp_path):
    out = tmp_path / "roberta"
    with full_disk(), pytest.raises(SourceError, match=r"state of the training in .*goes on"):
        finetune("roberta", models["roberta"], data, out, epochs=1)
    with full_disk(), pytest.raises(Stop):  # nothing was kept: from the first step
        finetune("roberta", models["roberta"], data, out, epochs=1, report=stop_at(1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(OSError("no rights")))
        with pytest.raises(SourceError, match=r"cannot write .*roberta: no rights.*is kept in"):
            finetune("roberta", models["roberta"], data, out, epochs=1)
    seen = []
    finetune("roberta", models["roberta"], data, out, epochs=1, report=seen.append)
    assert seen == [] and [path.name for path in tmp_path.iterdir()] == ["roberta"]


def test_a_place_that_cannot_be_written(models, data, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError, match=r"cannot write .*file/out: Not a directory"):
        finetune("roberta", models["roberta"], data, tmp_path / "file" / "out")


@pytest.mark.parametrize(
    ("argument", "value"),
    [("epochs", 0), ("batch_size", -1), ("learning_rate", 0.0), ("max_length", 0), ("seed", -1)],
)
def test_bad_numbers(argument, value, models, data, tmp_path):
    with pytest.raises(InputError, match=f"{argument} is {value}"):
        finetune("roberta", models["roberta"], data, tmp_path / "out", **{argument: value})


def test_data_without_a_train_split(models, data, tmp_path):
    shutil.copy(data / "validation-00000-of-00001.parquet", tmp_path)
    with pytest.raises(InputError, match="no train split, only validation"):
        finetune("roberta", models["roberta"], tmp_path, tmp_path / "out")


def test_a_training_that_diverges_says_so(models, data, tmp_path):
    options = {**OPTIONS, "learning_rate": 1e20, "epochs": 1}
    with pytest.raises(InputError, match=r"diverged .*below 1e\+20"):
        finetune("roberta", models["roberta"], data, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


@on_day(1, 4)
def test_finetune_from_the_hub_is_found_as_the_trained_head(models, data, tmp_path):
    served = {"openai-community/gpt2": Repo(models["gpt2"])}
    with Standin(served, {"nyu-mll/glue": Repo(data.parent)}) as hub:
        found = run(
            """
from labkit.models.load import load_model
from labkit.training.trainer import finetune
try:
    load_model("gpt2", source="hub", head="trained")
except OSError as error:
    before = str(error)
result = finetune("gpt2", "hub", "hub", epochs=1)
card = (result.path / "README.md").read_text()
spec = load_model("gpt2", source="hub", head="trained").spec
give([before, str(result.path), spec.head, spec.source, "openai-community/gpt2" in card])
""",
            tmp_path,
            hub.url,
        ).value
    assert "labkit finetune gpt2 --source hub" in found[0]
    assert found[1:] == [str(tmp_path / "labkit/finetuned/gpt2"), "trained", "hub", True]


@pytest.mark.full
@pytest.mark.slow
def test_two_processes_make_one_checkpoint(models, data, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        f"""
from labkit.training.trainer import finetune
result = finetune("roberta", {str(models["roberta"])!r}, {str(data)!r},
                  {str(tmp_path / "out")!r}, epochs=1)
print(f"steps={{result.steps}}\\n", end="")
"""
    )
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", str(script)],
        env={**os.environ, "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "1"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("steps=3") == 2  # 96 pairs, 2 processes with 16 each
    assert load_model("roberta", tmp_path / "out", head="trained").spec.head == "trained"


def test_the_place_of_a_published_model_is_for_that_one_only():
    for source, data in (("mini", "mini"), ("hub", "mini"), ("mini", "hub")):
        with pytest.raises(InputError, match="--out"):
            finetune("roberta", source, data)
