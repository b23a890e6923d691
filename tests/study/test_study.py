import json
import re
import shutil
from dataclasses import replace

import pandas as pd
import pytest
import torch
from turns import in_turn

from labkit.book.pages import course_study
from labkit.errors import InputError
from labkit.files import sha256
from labkit.models import sources
from labkit.models.left_out import Account, AccountRow
from labkit.study import report
from labkit.study.run import run_study, write_manifest
from labkit.study.settings import Settings

TIMES = ["runtime_median", "runtime_q25", "runtime_q75", "seconds"]
SMALL = Settings(models=("roberta", "gpt2"), levels=(0, 0.5, 0.99), limit=40, length=16, repeats=1)


def without_times(study):
    return {name: t.drop(columns=TIMES, errors="ignore") for name, t in study.tables.items()}


def assert_same(one, other):
    for name, table in without_times(one).items():
        pd.testing.assert_frame_equal(table, without_times(other)[name])


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    out = tmp_path_factory.mktemp("study")
    return run_study(SMALL, out), out


def test_tables_hold_what_was_asked_for(finished):
    study, out = finished
    results = study.results
    assert list(zip(results["name"], results["level"], strict=True)) == [
        (name, level) for name in SMALL.models for level in (0.0, 0.5, 0.99)
    ]
    assert (results["sparsity"] - results["level"]).abs().max() < 1e-5
    pruned = results[results["level"] > 0]  # a dense model has some zeros outside its blocks
    assert (pruned["model_sparsity"] < pruned["sparsity"]).all()
    assert (results["examples"] == 40).all()
    assert set(results["model"]) == {"mini RoBERTa", "mini GPT-2"}
    zeros = study.layers.groupby(["model", "level"], sort=False)["zeros"].sum()
    assert zeros.tolist() == results["zeros"].tolist()
    dense = study.paired[study.paired["level"] == 0]
    assert (dense["p_value"] == 1).all() and (dense["accuracy_difference"] == 0).all()
    assert {summary.title for summary in study.weights} == set(results["model"])
    for name, table in study.tables.items():
        saved = pd.read_parquet(out / "tables" / f"{name}.parquet")
        pd.testing.assert_frame_equal(saved, table)
        assert len(pd.read_csv(out / "tables" / f"{name}.csv")) == len(table)


def test_a_second_run_computes_nothing(finished):
    study, out = finished
    before = {p: p.stat().st_mtime_ns for p in (out / "cells").iterdir()}
    again = run_study(SMALL, out)
    assert {p: p.stat().st_mtime_ns for p in (out / "cells").iterdir()} == before
    for name, table in again.tables.items():  # timings too: the cells are those of the first run
        pd.testing.assert_frame_equal(table, study.tables[name])


@pytest.mark.parametrize("after", in_turn([1, 3, 5, 8], 4))
def test_stopped_anywhere_and_resumed_gives_the_same_tables(finished, tmp_path, after):
    calls = []

    def stop(what, done, total):
        calls.append(what)
        if len(calls) > after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_study(SMALL, tmp_path, stop)
    kept = {p: p.stat().st_mtime_ns for p in (tmp_path / "cells").glob("*.json")}
    assert_same(run_study(SMALL, tmp_path), finished[0])
    assert all(path.stat().st_mtime_ns == time for path, time in kept.items())


def test_other_levels_and_settings_share_only_what_is_the_same(finished, tmp_path):
    _, out = finished
    shutil.copytree(out, tmp_path / "copy")
    cells = tmp_path / "copy" / "cells"
    before = set(cells.iterdir())
    more = Settings(models=("gpt2",), levels=(0.5, 0.7), limit=40, length=16, repeats=1)
    study = run_study(more, tmp_path / "copy")
    assert study.results["level"].tolist() == [0.5, 0.7]
    assert {path.name[:12] for path in set(cells.iterdir()) - before} == {"gpt2-0700000"}
    run_study(Settings(models=("gpt2",), levels=(0.5,), limit=41, length=16), tmp_path / "copy")
    assert len(list(cells.glob("gpt2-0500000-*.json"))) == 2, "other rows make another cell"


def test_times_of_another_number_of_threads_are_not_served(tmp_path):
    settings = Settings(models=("gpt2",), levels=(0.5,), limit=8, length=8, repeats=1)
    before = torch.get_num_threads()
    found = []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found.append(run_study(settings, tmp_path).results["runtime_threads"].item())
    finally:
        torch.set_num_threads(before)
    assert found == [1, 2]


def test_a_damaged_cell_is_named_with_its_remedy(finished, tmp_path):
    shutil.copytree(finished[1], tmp_path / "copy")
    for kind in ("gpt2-0500000-*.json", "gpt2-weights-*.parquet"):
        cell = next((tmp_path / "copy" / "cells").glob(kind))
        cell.write_text('{"row": ')
        with pytest.raises(InputError, match=f"{cell.name} is damaged.*Delete it"):
            run_study(SMALL, tmp_path / "copy")
        cell.unlink()
    assert_same(run_study(SMALL, tmp_path / "copy"), finished[0])


LABELS = ["Qwen3.5-0.6B.v1", "bge-base-en-v1.5", "org/model 2.0", ".5"]


@pytest.mark.parametrize("label", in_turn(LABELS, 4))
def test_a_label_may_hold_dots(tmp_path, label):
    source, out = str(sources.mini_checkpoint("gpt2")), tmp_path / "results.v1"
    options = {"models": (label,), "source": source, "data": "mini", "limit": 8, "length": 8}
    study = run_study(Settings(levels=(0, 0.95, 0.99), **options), out)
    assert study.results["sparsity"].round(4).tolist() == [0, 0.95, 0.99]
    assert study.layers.groupby("level")["zeros"].sum().tolist() == study.results["zeros"].tolist()
    assert len(list((out / "cells").iterdir())) == 2 * 4, "one cell for each level, one of weights"
    later = run_study(Settings(levels=(0.5,), **options), out).results
    assert later["sparsity"].round(4).tolist() == [0.5]
    other = run_study(Settings(levels=(0.5,), **options | {"limit": 6}), out).results
    assert (later["examples"].item(), other["examples"].item()) == (8, 6)


def test_labels_that_differ_behind_a_dot_share_no_cell(tmp_path):
    results = {}
    for name in ("roberta", "gpt2"):
        folder = shutil.copytree(sources.mini_checkpoint(name), tmp_path / f"model-v1.{name}")
        settings = Settings(source=str(folder), data="mini", levels=(0.5,), limit=8, length=8)
        results[name] = run_study(settings, tmp_path / "out").results
    assert results["roberta"]["family"].item() == "encoder"
    assert results["gpt2"]["family"].item() == "decoder"


def test_another_checkpoint_in_the_same_place_is_computed_anew(tmp_path):
    folder = shutil.copytree(sources.mini_checkpoint("gpt2"), tmp_path / "model.v1")
    settings = Settings(source=str(folder), data="mini", levels=(0,), limit=8, length=8)
    before = run_study(settings, tmp_path / "out").results
    shutil.copytree(sources.mini_checkpoint("bart"), folder, dirs_exist_ok=True)
    after = run_study(settings, tmp_path / "out").results
    assert (before["family"].item(), after["family"].item()) == ("decoder", "encoder-decoder")


@pytest.mark.parametrize("suffixes", [(".json", ".parquet"), (".parquet",), (".json",)])
@pytest.mark.parametrize("kind", ["0500000", "weights"])
def test_a_cell_of_something_else_is_never_served(finished, tmp_path, kind, suffixes):
    shutil.copytree(finished[1], tmp_path / "copy")
    cells = tmp_path / "copy" / "cells"
    (mine,), (other,) = (list(cells.glob(f"{n}-{kind}-*.json")) for n in ("gpt2", "roberta"))
    for suffix in suffixes:
        shutil.copyfile(other.with_suffix(suffix), mine.with_suffix(suffix))
    with pytest.raises(InputError, match=rf"{mine.stem}.*Delete it"):
        run_study(SMALL, tmp_path / "copy")


def test_a_half_of_a_cell_is_computed_again(finished, tmp_path):
    shutil.copytree(finished[1], tmp_path / "copy")
    next((tmp_path / "copy" / "cells").glob("gpt2-0500000-*.parquet")).unlink()
    assert_same(run_study(SMALL, tmp_path / "copy"), finished[0])


def test_progress_ends_at_the_number_of_steps(tmp_path):
    seen = []
    settings = Settings(models=("roberta",), levels=(0.5, 0.9), limit=8, length=8)
    run_study(settings, tmp_path, lambda what, done, total: seen.append((done, total)))
    assert seen[-1] == (3, 3) and seen == sorted(seen)


def test_report_is_one_self_contained_page(finished, tmp_path):
    study, _ = finished
    page = report.write_report(study, tmp_path).read_text(encoding="utf-8")
    assert page.count("<svg") == 7 and page.count("<figcaption>") == 7
    assert "not figures of the published" in page
    links = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert all(link.startswith("#") for link in links), "no request leaves the page"
    assert "<script" not in page and "url(http" not in page
    assert f"{study.results['accuracy'].iloc[0]:.1%}" in page
    names = {path.stem for path in (tmp_path / "figures").iterdir()}
    assert names == {"weights", "qq", "bands", "curves", "paired", "size", "runtime"}


def test_what_is_left_out_of_the_blocks_is_in_the_report(finished, tmp_path):
    study, _ = finished
    [account, *_] = study.accounts
    assert (account.prunable, account.left_out) == (study.results["prunable"].iloc[0], 0)
    assert f"{account.prunable:,}" in report.write_report(study, tmp_path).read_text("utf-8")
    rows = (AccountRow("a", (99,), 98, "linear", ""), AccountRow("b", (2,), 2, "other", "unknown"))
    other = replace(study, accounts=(Account("toy", rows, 0),))
    said = "toy: 2.0% of the weights in its blocks are not pruned (2.0% unknown)."
    assert said in report.notes(other)
    assert said in report.write_report(other, tmp_path).read_text("utf-8")


def test_each_stack_has_its_own_best_fit(tmp_path):
    settings = Settings(models=("bart",), levels=(0,), limit=8, length=8)
    study = run_study(settings, tmp_path)
    table = report.weights_table(study)
    assert table["stack"].tolist() == ["encoder", "decoder", "all"]
    (summary,) = study.weights
    for text, whole in zip(table["best fit"], summary.wholes, strict=True):
        fit = whole.fits()[0]
        assert text.startswith(fit.family) and (fit.df is None or f"{fit.df:.1f}" in text)
    assert table["best fit"].nunique() > 1


def test_a_title_cannot_inject_markup(finished, tmp_path):
    study, _ = finished
    study.results["model"] = study.results["model"].replace(
        "mini GPT-2", "<script>alert(1)</script>"
    )
    try:
        page = report.write_report(study, tmp_path).read_text(encoding="utf-8")
    finally:
        study.results["model"] = study.results["model"].replace(
            "<script>alert(1)</script>", "mini GPT-2"
        )
    assert "<script>" not in page


def test_manifest_lists_versions_seeds_timings_and_checksums(finished):
    study, out = finished
    manifest = json.loads(write_manifest(out, study, 1.5).read_text())
    assert manifest["settings"]["seed"] == 0 and manifest["seconds"] == 1.5
    assert {"torch", "transformers"} <= manifest["versions"].keys()
    assert len(manifest["cells"]) == 6 and min(manifest["cells"].values()) > 0
    for name, digest in manifest["sha256"].items():
        assert sha256(out / name) == digest
    assert "tables/results.csv" in manifest["sha256"]


def test_a_checkpoint_folder_as_source(tmp_path):
    source = str(sources.mini_checkpoint("bart"))
    settings = Settings(source=source, data="mini", levels=(0.9,), limit=16, length=8)
    study = run_study(settings, tmp_path)
    assert study.results["model"].tolist() == ["bart"], "a folder is called by its own name"
    assert study.results["family"].tolist() == ["encoder-decoder"]


def test_a_fresh_head_gives_other_scores(tmp_path):
    options = {"models": ("roberta",), "levels": (0,), "limit": 40, "length": 8}
    scores = [
        run_study(Settings(**options, head=head), tmp_path).results["accuracy"].item()
        for head in ("trained", "fresh")
    ]
    assert scores[0] > scores[1]
    study = run_study(Settings(**options, head="fresh"), tmp_path)
    assert any("drawn at random" in note for note in report.notes(study))
    assert all("drawn at random" in plot.alt for plot in report.figures(study))


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("runtime_median", [0.0111, 1.568], "(medians from 11.1 to 1568.0 ms"),
        ("runtime_q75", [0.012, 0.04], "(medians from 11.0 to 12.0 ms"),
        ("runtime_median", [0.011, 0.015], None),
    ],
)
def test_times_that_other_work_disturbed_are_called_so(tmp_path, column, values, said):
    settings = Settings(models=("roberta",), levels=(0, 0.9), limit=8, length=8)
    study = run_study(settings, tmp_path)
    quiet = {"runtime_median": [0.011, 0.012], "runtime_q25": [0.01, 0.011]}
    quiet |= {"runtime_q75": [0.012, 0.013], column: values}
    found = report.notes(replace(study, results=study.results.assign(**quiet)))
    found = [note for note in found if "disturbed" in note]
    assert found == [] if said is None else said in found[0] and "measure again" in found[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"levels": (1.2,)}, "sparsity is 1.2"),
        ({"levels": ()}, "at least one level"),
        ({"models": ("bert",)}, "no model named 'bert'"),
        ({"models": ()}, "name a model"),
        ({"method": "magic"}, "global, layerwise, random"),
        ({"limit": 0}, "limit is 0"),
        ({"source": "/some/folder"}, "name the corpus too"),
        ({"source": "/some/folder", "models": ("a", "b")}, "a, b are 2 labels for one"),
    ],
)
def test_settings_are_checked_before_anything_is_loaded(change, message):
    with pytest.raises(InputError, match=re.escape(message)):
        Settings(**change).checked()


def test_what_is_named_twice_is_studied_once():
    settings = Settings(models=("gpt2", "bart", "gpt2"), levels=(0.9, 0.5, 0.9)).checked()
    assert (settings.models, settings.levels) == (("gpt2", "bart"), (0.5, 0.9))


def test_the_book_quotes_a_cached_study(tmp_path):
    settings = Settings(models=("roberta",), levels=(0.5,), limit=8, length=8)
    first = course_study(settings, tmp_path)
    assert_same(course_study(settings, tmp_path), first)


def test_what_was_not_read_of_a_corpus_is_said(tmp_path):
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    shutil.copy(sources.mini_corpus() / "validation.jsonl", corpus / "val.jsonl")
    (corpus / "notes.txt").write_text("...")
    settings = Settings(models=("gpt2",), levels=(0,), data=str(corpus), limit=8, length=8)
    study = run_study(settings, tmp_path / "out")
    said = f"{corpus}: not read: notes.txt."
    assert said in report.notes(study)
    assert "notes.txt" in report.write_report(study, tmp_path).read_text(encoding="utf-8")
    manifest = json.loads(write_manifest(tmp_path / "out", study, 1.0).read_text())
    assert manifest["remarks"] == [said[:-1]]
