import json
import math
import re
import shutil
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hub_client import run
from hub_material import write_checkpoint, write_wikitext
from hub_standin import Repo, Standin
from turns import on_day

from labkit import evaluate_text, load_model, load_text, plots, prune_model
from labkit.errors import InputError, SourceError
from labkit.evaluation.text import Sample, repetition
from labkit.models import sources
from labkit.study import report, text_report
from labkit.study.run import run_study, write_manifest
from labkit.study.settings import Settings
from labkit.study.texts import openings
from labkit.study.writing import WAYS, Written

TIMES = ["runtime_median", "runtime_q25", "runtime_q75", "seconds", "tokens_per_second"]
SMALL = Settings(
    models=("roberta", "gpt2"), task=("text",), levels=(0, 0.9), limit=3, length=8, context=40
)


def without_times(study):
    return {name: t.drop(columns=TIMES, errors="ignore") for name, t in study.tables.items()}


def assert_same(one, other):
    found = without_times(other)
    assert found.keys() == without_times(one).keys()
    for name, table in without_times(one).items():
        pd.testing.assert_frame_equal(table, found[name])


def cells(out):
    return {p: p.stat().st_mtime_ns for p in (out / "cells").iterdir()}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    out = tmp_path_factory.mktemp("study")
    return run_study(SMALL, out), out


def test_rows_are_what_evaluate_text_says_of_the_pruned_models(finished):
    study, out = finished
    results = study.text.results
    assert list(zip(results["name"], results["level"], strict=True)) == [
        ("roberta", 0.0), ("roberta", 0.9), ("gpt2", 0.0), ("gpt2", 0.9),
    ]  # fmt: skip
    assert (results["sparsity"] - results["level"]).abs().max() < 1e-5
    assert set(results["measure"]) == {"pseudo-perplexity", "perplexity"}
    model, tokenizer, _ = load_model("gpt2", task="text")
    prune_model(model, 0.9)
    alone = evaluate_text(model, tokenizer, load_text(limit=3), context=40)
    row = results.iloc[3]
    assert row["text_loss"] == pytest.approx(alone.loss, rel=1e-5)
    assert row["bits_per_byte"] == pytest.approx(alone.bits_per_byte, rel=1e-5)
    assert row["text_loss_low"] == pytest.approx(alone.interval("loss").low, rel=1e-5)
    assert (row["tokens"], row["documents"], row["scored_share"]) == (alone.tokens.sum(), 3, 1)
    assert (row["vocabulary"], row["context"]) == (1600, 40)
    assert row["text_collapsed"] == (row["text_loss"] > math.log(1600))
    paired = study.text.paired
    assert (paired["loss_difference"][paired["level"] == 0] == 0).all()
    assert paired["loss_difference"].iloc[3] == pytest.approx(
        row["text_loss"] - results["text_loss"].iloc[2]
    )
    assert study.results.empty and study.weights == () and list(study.parts) == ["text"]
    for name, table in study.tables.items():
        assert name.startswith("text_")
        saved = pd.read_parquet(out / "tables" / f"{name}.parquet")
        pd.testing.assert_frame_equal(saved, table)


def test_a_masked_model_is_scored_on_openings_and_that_is_said(finished):
    study, _ = finished
    row = study.text.results.iloc[0]
    texts = load_text(limit=3)
    tokenizer = load_model("roberta", task="text").tokenizer
    lengths = [min(96, len(tokenizer.tokenize(text, verbose=False))) for text in texts]
    assert (row["documents"], row["tokens"]) == (3, sum(lengths))
    assert row["bytes"] == pytest.approx(row["scored_share"] * sum(map(len, texts)))
    [said] = [note for note in report.notes(study) if "a pass for each token" in note]
    assert said.startswith("mini RoBERTa needs") and f"{row['scored_share']:.0%}" in said
    assert np.isnan(row["repetition_greedy"]) and np.isnan(row["grammatical_drawn"])
    assert any("answer different questions" in note for note in report.notes(study))


def test_openings_are_the_first_tokens():
    tokenizer = load_model("roberta", task="text").tokenizer
    texts = ["The city said in Zürich – é .", "", "Short ."]
    whole = tokenizer(texts[0], add_special_tokens=False)["input_ids"]
    for tokens in range(1, len(whole) + 1):
        first, *rest = openings(tokenizer, texts, tokens)
        assert texts[0].startswith(first) and rest[0] == "" and first == first.strip()
        assert texts[2].startswith(rest[1])
    assert openings(tokenizer, texts, len(whole)) == tuple(texts)
    assert openings(tokenizer, texts, 2)[0] == tokenizer.decode(whole[:2])


def test_samples_are_kept_and_counted(finished):
    study, _ = finished
    samples, results = study.text.samples, study.text.results
    assert set(samples["name"]) == {"gpt2"} and set(samples["way"]) == {"greedy", "drawn"}
    dense = samples[(samples["level"] == 0) & (samples["way"] == "greedy")]
    prompts = [" ".join(text.split()[:4]) for text in load_text(limit=3)]
    assert dense["prompt"].tolist() == prompts
    assert (dense["whole"] == dense["prompt"] + dense["text"]).all()
    tokenizer = load_model("gpt2", task="text").tokenizer
    ids = [tokenizer(text)["input_ids"] for text in dense["text"]]
    assert results["repetition_greedy"].iloc[2] == pytest.approx(repetition(ids), abs=0.02)
    assert results["grammatical_greedy"].iloc[2] > 0.8
    assert results["grammatical_greedy"].iloc[3] < 0.2, "at 90 % nothing is a sentence"


def test_a_model_that_writes_nothing_is_said_to(finished):
    nothing = Written({way: [Sample("The city", "", (), "The city")] for way in WAYS})
    row = nothing.row(judged=True)
    assert np.isnan(row["repetition_greedy"]) and row["written_greedy"] == 0
    assert row["grammatical_greedy"] == 0, "a beginning alone is no sentence"
    text = finished[0].text
    silent = text.results.assign(written_greedy=[0, 0, 200, 0], repetition_greedy=np.nan)
    [said] = [n for n in text_report.text_notes(replace(text, results=silent)) if "nothing" in n]
    assert said == "mini GPT-2 ends its text at once, and writes nothing, at 90 % (greedy)."
    assert not any("nothing" in note for note in text_report.text_notes(text))
    plot = plots.plot_writing(silent)
    lines = [line for axis in plot.figure.axes for line in axis.lines]
    assert {len(line.get_xdata()) for line in lines} == {2}, "a gap is no level less"
    assert "nothing written" in plot.alt and "RoBERTa" not in plot.alt
    assert plots.plot_writing(silent.assign(written_greedy=0, written_drawn=0)) is None


def test_a_second_run_computes_nothing(finished):
    study, out = finished
    before = cells(out)
    again = run_study(SMALL, out)
    assert cells(out) == before
    for name, table in again.tables.items():
        pd.testing.assert_frame_equal(table, study.tables[name])


def test_stopped_and_resumed_gives_the_same_tables(finished, tmp_path):
    calls = []

    def stop(what, done, total):
        calls.append((what, total))
        if len(calls) > 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_study(SMALL, tmp_path, stop)
    assert calls[0] == ("roberta: weights", 6)
    kept = cells(tmp_path)
    assert_same(run_study(SMALL, tmp_path), finished[0])
    assert kept and kept.items() <= cells(tmp_path).items()


def test_both_tasks_in_one_study_share_no_cell(finished, tmp_path):
    shutil.copytree(finished[1], tmp_path / "copy")
    before, seen = cells(tmp_path / "copy"), []
    both = Settings(**vars(SMALL) | {"task": ("text", "mrpc", "text"), "models": ("gpt2",)})
    study = run_study(both, tmp_path / "copy", lambda what, done, total: seen.append((what, total)))
    assert seen[0] == ("gpt2 (mrpc): weights", 6) and ("gpt2 (text): weights", 6) in seen
    assert before.items() <= cells(tmp_path / "copy").items()
    assert list(study.parts) == ["mrpc", "text"]
    assert {"results", "paired", "text_results", "text_samples"} <= study.tables.keys()
    assert study.results["accuracy"].notna().all() and study.results["examples"].tolist() == [3, 3]
    one, two = (part.weights[0].overall.std for part in study.parts.values())
    assert one != two, "the classifier and the language model are two models"
    expected = finished[0].text.results.iloc[2:].reset_index(drop=True)
    pd.testing.assert_frame_equal(study.text.results, expected)
    names = [plot.name for plot in report.figures(study)]
    assert len(set(names)) == len(names) == 15 and {"curves", "text-curves"} < set(names)
    manifest = json.loads(write_manifest(tmp_path / "copy", study, 1.0).read_text())
    assert {"gpt2 0.9", "text gpt2 0.9"} <= manifest["cells"].keys()
    assert manifest["settings"]["text"] == "mini" and manifest["settings"]["task"] == [
        "mrpc",
        "text",
    ]


def test_other_texts_are_other_cells(finished, tmp_path):
    shutil.copytree(finished[1], tmp_path / "copy")
    mine = tmp_path / "mine.txt"
    mine.write_text("The city council met in Halsby on Monday .\n\nIt will meet again .\n")
    change = {"models": ("gpt2",), "levels": (0,), "text": str(mine)}
    study = run_study(Settings(**vars(SMALL) | change), tmp_path / "copy")
    row = study.text.results.iloc[0]
    assert (row["documents"], row["bytes"]) == (2, 42 + 20)
    assert np.isnan(row["grammatical_greedy"]) and row["repetition_greedy"] >= 0
    assert len(list((tmp_path / "copy" / "cells").glob("gpt2-0000000-*.json"))) == 2


def test_a_cell_of_pairs_is_no_cell_of_texts(finished, tmp_path):
    shutil.copytree(finished[1], tmp_path / "copy")
    folder = tmp_path / "copy" / "cells"
    cell = next(folder.glob("gpt2-0900000-*.parquet"))
    pd.DataFrame({"label": [0, 1]}).to_parquet(cell)
    with pytest.raises(InputError, match=rf"{cell.name} is damaged.*Delete it"):
        run_study(SMALL, tmp_path / "copy")


def test_the_report_shows_curves_and_samples(finished, tmp_path):
    study, _ = finished
    study.text.samples.loc[study.text.samples.index[0], "text"] = "<script>alert(1)</script>"
    page = report.write_report(study, tmp_path).read_text(encoding="utf-8")
    assert "<script" not in page and "&lt;script&gt;" in page
    assert page.count("<svg") == page.count("<figcaption>") == 8
    assert "not figures of the published" in page and "pseudo-perplexity" in page
    assert "perplexity 1,600" in page and "Always answering" not in page
    links = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert all(link.startswith("#") for link in links)
    assert {path.stem for path in (tmp_path / "figures").iterdir()} >= {
        "text-curves", "text-paired", "text-writing", "text-weights",
    }  # fmt: skip
    table = text_report.text_table(study.text)
    assert table["perplexity"].iloc[2] == f"{study.text.results['perplexity'].iloc[2]:.2f}"
    assert table["repeats"].tolist()[:2] == ["", ""]
    own = replace(study.text, results=study.text.results.assign(grammatical_greedy=np.nan))
    assert set(table) - set(text_report.text_table(own)) == {"grammatical"}


def test_the_lines_across_are_a_uniform_guess(finished):
    results = finished[0].text.results
    plot = plots.plot_text_curves(results)
    loss, perplexity, bits = plot.figure.axes
    across = [
        [line for line in axis.lines if len(line.get_xdata()) == 2] for axis in plot.figure.axes
    ]
    level = [
        [line.get_ydata()[0] for line in lines if line.get_color() == plots.INK] for lines in across
    ]
    assert level[0] == pytest.approx([math.log(1600)]) and level[1] == pytest.approx([1600])
    row = results.iloc[2]
    assert any(
        value == pytest.approx(math.log2(1600) * row["tokens"] / row["bytes"], rel=0.01)
        for value in level[2]
    )
    assert perplexity.get_yscale() == "log" and loss.get_ylim()[0] == bits.get_ylim()[0] == 0
    assert "pseudo-perplexity" in plot.alt and "uniform guess" in plot.alt
    for drawn in (
        plot,
        plots.plot_text_paired(finished[0].text.paired),
        plots.plot_writing(results),
    ):
        svg = drawn.svg()
        assert ET.fromstring(svg).find("{http://www.w3.org/2000/svg}title").text == drawn.alt
        assert "currentColor" in svg and plots.INK not in svg
    endless = results.assign(perplexity=[math.inf, *results["perplexity"][1:]])
    assert "inf" in plots.plot_text_curves(endless).alt


def test_checkpoint_folders(tmp_path):
    source = str(sources.mini_checkpoint("gpt2", "text"))
    options = {"task": ("text",), "text": "mini", "levels": (0,), "limit": 2, "length": 8}
    study = run_study(Settings(source=source, **options), tmp_path)
    assert study.text.results["model"].tolist() == ["gpt2"]
    classifier = str(sources.mini_checkpoint("gpt2"))
    with pytest.raises(SourceError, match="is a classifier"):
        run_study(Settings(source=classifier, **options), tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"task": ("lm",)}, "no task named 'lm': choose from mrpc, text"),
        ({"task": ()}, "name a task"),
        ({"context": 0}, "context is 0"),
        ({"head": "fresh"}, "a fresh head is for classifiers"),
        ({"source": "/some/folder"}, "name the corpus too (--text)"),
        ({"source": "/some/folder", "task": ("text", "mrpc")}, "with the head of one task"),
    ],
)
def test_settings_are_checked_before_anything_is_loaded(change, message):
    with pytest.raises(InputError, match=re.escape(message)):
        Settings(**{"task": ("text",)} | change).checked()


HUB = """
from labkit.study.run import run_study
from labkit.study.settings import Settings
settings = Settings(models=("gpt2",), source="hub", task=("text",), levels=(0, 0.5), length=8)
study = run_study(settings, "OUT")
row = study.text.results.iloc[1]
give([row["model"], row["head"], row["text_loss"], int(row["documents"]), study.settings.text])
"""


@on_day(3, 4)
def test_published_models_are_studied_without_fine_tuning(tmp_path):
    repo = sources.HUB_MODELS["gpt2"]
    models = {repo: Repo(write_checkpoint(tmp_path / "gpt2", "gpt2"))}
    data = {sources.HUB_TEXT[0]: Repo(write_wikitext(tmp_path / "wikitext"))}
    with Standin(models, data) as hub:
        found = run(HUB.replace("OUT", str(tmp_path / "out")), tmp_path, hub.url)
    title, head, loss, documents, text = found.value
    assert (title, head, documents, text) == ("GPT-2", "trained", 2, "hub")
    model, tokenizer, _ = load_model("x", tmp_path / "gpt2", task="text")
    prune_model(model, 0.5)
    texts = load_text(tmp_path / "wikitext" / "wikitext-2-raw-v1")
    assert loss == pytest.approx(evaluate_text(model, tokenizer, texts).loss, rel=1e-5)


def test_a_limit_that_takes_all_documents_scores_a_masked_model_on_all_of_them(tmp_path):
    path = tmp_path / "own.txt"
    path.write_text("\n\n".join("We met her in town ." for _ in range(24)))
    options = {"models": ("roberta",), "task": ("text",), "text": str(path), "levels": (0.5,)}
    found = {}
    for limit in (None, 24):
        settings = Settings(**options, limit=limit, length=8, repeats=1)
        found[limit] = run_study(settings, tmp_path / "out").text.results["documents"].item()
    assert found == {None: 20, 24: 24}
