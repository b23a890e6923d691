"""What the report of a study says of language models: notes, figures and tables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from labkit import plots
from labkit.models.language import MASKED
from labkit.plots.figure import percent
from labkit.study.run import Part

if TYPE_CHECKING:
    import pandas as pd

_KINDS: Final = (
    "Perplexity, pseudo-perplexity and denoising perplexity answer different questions of a text: "
    "compare a model with itself at other sparsities, not one kind of model with another."
)
_SHOWN: Final = 2  # samples of each way to write, for each model and level


def text_notes(part: Part) -> list[str]:
    """What has to be said beside the figures of language models, model by model."""
    said = []
    for model, rows in part.results.groupby("model", sort=False):
        said += [f"{model}: {found}" for found in rows["text_remarks"].unique() if found]
        silent = rows[(rows["written_greedy"] == 0) & (rows["kind"] != MASKED)]["level"]
        if len(silent):
            levels = ", ".join(percent(level) for level in silent)
            said.append(f"{model} ends its text at once, and writes nothing, at {levels} (greedy).")
    return [*said, *([_KINDS] if part.results["kind"].nunique() > 1 else [])]


def text_figures(part: Part) -> list[plots.Plot]:
    """The figures of language models; those that classifiers have too are called `text-...`."""
    shared = [
        plots.plot_weights(part.weights),
        plots.plot_qq(part.weights),
        plots.plot_bands(part.weights),
        plots.plot_size(part.results),
        plots.plot_runtime(part.results),
    ]
    shared = [replace(plot, name=f"text-{plot.name}") for plot in shared]
    own = [plots.plot_text_curves(part.results), plots.plot_text_paired(part.paired)]
    writing = plots.plot_writing(part.results)
    return [*own, *([writing] if writing else []), *shared]


def text_table(part: Part) -> pd.DataFrame:
    """What the text costs the models, as text, one row per model and level, for people.

    "repeats" and "grammatical" are there where some model has them.
    """
    import pandas as pd

    rows = []
    for row in part.results.itertuples():
        rows.append(
            {
                "model": row.model,
                "sparsity": f"{round(100 * row.sparsity, 2):g} %",
                "measure": row.measure,
                "loss": f"{row.text_loss:.3f}",
                "perplexity": _short(row.perplexity),
                "95 %": f"{_short(row.perplexity_low)}–{_short(row.perplexity_high)}",
                "bits per byte": f"{row.bits_per_byte:.3f}",
                "repeats": _share(row.repetition_greedy),
                "grammatical": _share(row.grammatical_greedy),
                "collapsed": "yes" if row.text_collapsed else "",
            }
        )
    table = pd.DataFrame(rows)
    none = [name for name in ("repeats", "grammatical") if (table[name] == "").all()]
    return table.drop(columns=none)


def samples_table(part: Part) -> pd.DataFrame:
    """Some of what the models wrote at each level, as text, for people; empty without any."""
    import pandas as pd

    if part.samples is None or part.samples.empty:
        return pd.DataFrame()
    shown = part.samples.groupby(["model", "level", "way"], sort=False).head(_SHOWN)
    rows = [
        {
            "model": row.model,
            "sparsity": f"{round(100 * row.level, 2):g} %",
            "way": row.way,
            "given": row.prompt,
            "written": row.text.strip(),
        }
        for row in shown.itertuples()
    ]
    return pd.DataFrame(rows)


def _share(share: float) -> str:
    """A share from 0 to 1, nothing where there is none."""
    return "" if share != share else f"{share:.0%}"


def _short(value: float) -> str:
    """A perplexity in as many digits as mean something, whatever its size."""
    if value < 1000:
        return f"{value:.2f}"
    return f"{float(f'{value:.3g}'):,.0f}" if value < 1e7 else f"{value:.1e}"
