"""What the README and results.md quote is what the benchmarks saved."""

from places import ROOT

from benchmarks import __main__ as bench
from benchmarks import compare


def test_the_readme_quotes_the_saved_figures():
    readme = (ROOT / "README.md").read_text("utf-8")
    assert bench.with_headlines(readme) == readme
    assert (ROOT / "benchmarks" / "results.md").read_text("utf-8") == bench.results()


def test_saved_figures_belong_to_claims_and_fill_their_tables():
    names = sorted(path.stem for path in compare.RESULTS.glob("*.json"))
    assert names and set(names) <= set(bench.CLAIMS)
    for name in names:
        claim, where = compare.saved(name)
        assert claim.title and where
        assert all(len(row) == len(claim.columns) for row in claim.rows)


def test_an_unknown_name_is_told_and_changes_nothing(capsys):
    assert bench.main(["speed_of_light"]) == 2
    assert "global_pruning" in capsys.readouterr().err


def test_ways_are_run_alternately():
    calls = []
    ways = {"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}
    assert set(compare.alternate(ways, runs=2, warmup=1)) == {"a", "b"}
    assert calls == ["a", "b"] * 3
