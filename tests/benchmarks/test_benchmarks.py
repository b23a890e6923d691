"""What the README and results.md quote is what the benchmarks saved."""

import math

import pytest
from places import ROOT

from benchmarks import __main__ as bench
from benchmarks import compare


def test_the_readme_quotes_the_saved_figures():
    readme = (ROOT / "README.md").read_text("utf-8")
    assert bench.with_headlines(readme) == readme
    assert bench.with_real_weights(readme) == readme
    assert bench.REAL in readme and bench.REAL_END in readme
    assert (ROOT / "benchmarks" / "results.md").read_text("utf-8") == bench.results()


def test_saved_figures_belong_to_claims_and_fill_their_tables():
    names = sorted(path.stem for path in compare.RESULTS.glob("*.json"))
    assert names and set(names) <= set(bench.CLAIMS)
    for name in names:
        claim, where = compare.saved(name)
        assert claim.title and where
        for _, columns, rows in (("", claim.columns, claim.rows), *claim.more):
            assert rows and all(len(row) == len(columns) for row in rows)


def test_an_unknown_name_is_told_and_changes_nothing(capsys):
    assert bench.main(["speed_of_light"]) == 2
    assert "global_pruning" in capsys.readouterr().err


def test_ways_are_run_alternately():
    calls = []
    ways = {"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}
    assert set(compare.alternate(ways, runs=2, warmup=1)) == {"a", "b"}
    assert calls == ["a", "b"] * 3


def test_the_tables_of_real_weights_follow_from_what_was_measured():
    claim, _ = compare.saved("real_weights")
    minilm, smollm = claim.data["minilm"], claim.data["smollm2"]
    rows = {row[0]: dict(zip(claim.columns, row, strict=True)) for row in claim.rows}
    assert list(rows)[:3] == ["mini RoBERTa", "mini GPT-2", "mini BART"]
    for one in (minilm, smollm):
        whole = one["weights"][-1]
        shown = rows[one["title"]]
        assert whole["block"] == -1
        assert shown["prunable weights"] == f"{whole['weights']:,}"
        assert shown["excess kurtosis"] == f"{whole['excess_kurtosis']:.2f}"
        assert shown["best fit"].startswith(one["fits"][0]["family"])
        # Every level has exactly the zeros asked for, unless more were zero before
        for level in one["levels"]:
            asked = round(level["level"] * whole["weights"])
            assert level["zeros"] == max(asked, whole["zeros"])
            assert level["ties"] >= level["ties_kept"]
        assert f"{one['package']} {one['version']}, licence {one['licences']}" in claim.note
    assert smollm["magnitudes"] < minilm["magnitudes"]
    assert min(level["ties"] for level in smollm["levels"]) > 1  # each threshold has ties


def test_the_tables_of_the_real_decoder_follow_from_what_was_measured():
    claim, _ = compare.saved("real_text")
    rows, done = claim.data["rows"], set()
    table = {row[0]: dict(zip(claim.columns[1:], row[1:], strict=True)) for row in claim.rows}
    for row in rows:
        trial = (row["criterion"], row["goal"], row["text"], row["sequences"])
        assert trial not in done and math.exp(row["loss"]) == pytest.approx(row["perplexity"])
        done.add(trial)
        asked = row["goal"] if isinstance(row["goal"], float) else 0.5
        # Wanda counts in rows, of 576 or 1,536 inputs; a few weights of the file are zero anyhow.
        assert row["sparsity"] == pytest.approx(asked, abs=1e-3)
        assert sum(row["document_nats"]) / row["tokens"] == pytest.approx(row["loss"], abs=1e-5)
        usual = row["sequences"] == claim.data["calibration"]["sequences"]
        if row["criterion"] != "dense" and row["text"] != "mini" and (usual or not row["text"]):
            goal = row["goal"] if isinstance(row["goal"], str) else f"{row['goal']:.0%}"
            assert float(table[row["criterion"]][goal].replace(",", "")) == pytest.approx(
                row["perplexity"], rel=0.06
            )
    assert ("dense", 0.0, "", 0) in done
