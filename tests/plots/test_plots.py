import xml.etree.ElementTree as ET

import pandas as pd
import pytest

from labkit import plots
from labkit.evaluation.scores import Evaluation
from labkit.execution.runtime import measure_runtime
from labkit.pruning.prune import sweep
from labkit.storage.size import measure_size
from labkit.weights.summary import weight_summary

LEVELS = (0.0, 0.5, 0.99)


@pytest.fixture
def tables(tiny):
    """Tables of a study with random models: what the plots get, without a corpus."""
    import numpy as np

    rng, rows, summaries, layers = np.random.default_rng(0), [], [], None
    for family in ("roberta", "bart"):
        model = tiny(family)
        summaries.append(weight_summary(model, title=f"A & <{family}>"))
        for pruning in sweep(model, LEVELS):
            layers = pruning.table()
            scores = Evaluation(
                np.arange(40), rng.integers(0, 2, 40), rng.normal(size=(40, 2)).astype("float32")
            )
            row = {"model": f"A & <{family}>", "level": pruning.requested} | scores.row()
            runtime = measure_runtime(model, batch_size=1, length=8, repeats=3)
            rows.append(row | measure_size(model).row() | runtime.row())
    results = pd.DataFrame(rows)
    paired = results[["model", "level"]].assign(
        accuracy_difference=-0.1, accuracy_low=-0.2, accuracy_high=0.05
    )
    return {"results": results, "summaries": summaries, "layers": layers, "paired": paired}


def by_method(results):
    """The same results twice, under two methods that agree at the first level only."""
    worse = results.assign(
        method="random", accuracy=results["accuracy"].where(results["level"] == 0, 0.25)
    )
    return pd.concat([results.assign(method="global"), worse])


def all_plots(tables):
    return [
        plots.plot_weights(tables["summaries"]),
        plots.plot_qq(tables["summaries"]),
        plots.plot_bands(tables["summaries"]),
        plots.plot_curves(tables["results"]),
        plots.plot_size(tables["results"]),
        plots.plot_runtime(tables["results"]),
        plots.plot_layers(tables["layers"], "A & <bart>"),
        plots.plot_methods(by_method(tables["results"])),
        plots.plot_paired(tables["paired"]),
        plots.plot_collapse(tables["results"]),
    ]


def test_every_plot_takes_the_ink_of_its_page_and_says_what_it_shows(tables, tmp_path):
    for plot in all_plots(tables):
        svg = plot.svg()
        root = ET.fromstring(svg)  # well formed, whatever the titles hold
        assert root.get("role") == "img"
        assert root.find("{http://www.w3.org/2000/svg}title").text == plot.alt
        assert "currentColor" in svg and plots.INK not in svg
        assert "http" not in svg.replace("http://www.w3.org", ""), "no request leaves the figure"
        assert any(character.isdigit() for character in plot.alt), plot.name
        names = {path.name for path in plot.save(tmp_path)}
        assert names == {f"{plot.name}.{kind}" for kind in ("svg", "png", "txt")}
        assert (tmp_path / f"{plot.name}.png").read_bytes().startswith(b"\x89PNG")


def test_the_description_changes_with_the_data(tables):
    results = tables["results"]
    before = plots.plot_curves(results).alt
    changed = results.assign(accuracy=results["accuracy"].where(results["level"] < 0.99, 0.123))
    assert "12.3 %" in plots.plot_curves(changed).alt != before


def test_methods_are_told_apart_where_they_differ_most(tables):
    results = by_method(tables["results"])
    accuracy = results["accuracy"].where(results["level"] != 0.5, 0.75)
    changed = results.assign(accuracy=accuracy.where(results["method"] == "global", 0.25))
    assert "A & <bart> at 50 %: global 75.0 %, random 25.0 %" in plots.plot_methods(changed).alt


def test_encoder_and_decoder_have_panels_of_their_own(tables):
    titles = [a.get_title() for a in plots.plot_bands(tables["summaries"]).figure.axes]
    assert titles == ["A & <roberta>", "A & <bart>\nencoder", "A & <bart>\ndecoder"]


def test_levels_stand_where_they_are_on_an_even_axis(tables):
    for plot in (
        plots.plot_curves(tables["results"]),
        plots.plot_size(tables["results"]),
        plots.plot_collapse(tables["results"]),
    ):
        places = [
            line.get_xdata() for line in plot.figure.axes[0].lines if line.get_marker() != "None"
        ]
        assert places and all(list(x) == [0, 50, 99] for x in places), plot.name


def test_a_figure_is_no_wider_than_the_text(tables):
    widths = {plot.name: plot.figure.get_figwidth() for plot in all_plots(tables)}
    assert max(widths.values()) <= 7.4, widths


def test_forms_that_lie_close_together_are_told_apart_by_the_bound(tables):
    results = tables["results"]
    above, below = plots.plot_size(results).figure.axes[::2]
    [bound] = [line for line in below.lines if set(line.get_ydata()) == {1.0}]
    assert bound.get_color() in {line.get_color() for line in above.lines}
    first = results[results["model"] == results["model"].iloc[0]]
    expected = list(first["bitmask_bytes"] / first["entropy_bytes"])
    assert any(list(line.get_ydata()) == expected for line in below.lines)


def test_series_differ_without_colour():
    looks = [(style["marker"], str(style["linestyle"])) for style in plots.SERIES]
    assert len(set(looks)) == len(looks)


def test_svg_is_the_same_each_time(tables):
    assert plots.plot_size(tables["results"]).svg() == plots.plot_size(tables["results"]).svg()


def test_no_series_is_left_undrawn_however_many_there_are(tables):
    results, paired = (
        tables[name].query("model == 'A & <bart>'") for name in ("results", "paired")
    )
    names = [f"model {number}" for number in range(20)]
    many, pairs = (pd.concat([t.assign(model=n) for n in names]) for t in (results, paired))
    for plot in (plots.plot_curves(many), plots.plot_runtime(many), plots.plot_paired(pairs)):
        axis = plot.figure.axes[0]
        assert set(names) <= set(axis.get_legend_handles_labels()[1]), plot.name
    lines = plots.plot_curves(many).figure.axes[0].get_lines()[: len(names)]
    looks = {(line.get_color(), line.get_marker(), line.get_linestyle()) for line in lines}
    assert len(looks) == len(names)


def test_a_study_without_the_dense_model_is_not_said_to_be_compared_with_it(tables):
    paired, results = (tables[name].query("level > 0") for name in ("paired", "results"))
    assert "against the same model at 50 % on" in plots.plot_paired(paired).alt
    assert "against the dense model on" in plots.plot_paired(tables["paired"]).alt
    assert "dense and" not in plots.plot_runtime(results).alt
    assert "ms at 50 % and" in plots.plot_runtime(results).alt


@pytest.mark.parametrize(
    ("collapsed", "said"),
    [((False, True, True), "guess from 50 % on"), ((False, True, False), "guess at 50 %.")],
)
def test_a_language_model_that_recovers_is_not_called_collapsed_from_there_on(collapsed, said):
    from labkit.plots.text import plot_text_curves

    values = {f"{m}{e}": 2.0 for m in ("text_loss", "perplexity", "bits_per_byte")
              for e in ("", "_low", "_high")}  # fmt: skip
    rows = pd.DataFrame({"level": LEVELS, "text_collapsed": collapsed}).assign(
        model="m", measure="perplexity", vocabulary=100, tokens=10, bytes=40, **values
    )
    assert said in plot_text_curves(rows).alt


@pytest.mark.parametrize("models", [1, 2])
def test_no_legend_and_no_title_is_cut_off(tables, models):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    names = {
        f"A & <{family}>": f"our-organisation/{family}-base-continued-pretraining-v1.0"
        for family in ("bart", "roberta")[:models]
    }
    results, paired = (
        tables[name].assign(model=tables[name]["model"].map(names)).dropna(subset="model")
        for name in ("results", "paired")
    )
    for plot in (
        plots.plot_curves(results),
        plots.plot_size(results),
        plots.plot_runtime(results),
        plots.plot_paired(paired),
        plots.plot_methods(by_method(results)),
    ):
        figure = plot.figure
        renderer = FigureCanvasAgg(figure).get_renderer()
        figure.draw_without_rendering()
        shown = [*figure.legends, *(axis.title for axis in figure.axes)]
        ends = [part.get_window_extent(renderer) for part in shown]
        assert all(end.x0 >= 0 and end.x1 <= figure.bbox.width for end in ends), plot.name
        assert all(axis.get_window_extent(renderer).height > 100 for axis in figure.axes), plot.name
