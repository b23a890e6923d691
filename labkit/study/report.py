"""One self-contained page and the figure files of a study."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from labkit import plots
from labkit.files import write_text
from labkit.models.left_out import accounts_table
from labkit.plots.page import render
from labkit.study.run import Part, Study
from labkit.study.text_report import samples_table, text_figures, text_notes, text_table

if TYPE_CHECKING:
    import pandas as pd

_NOTES = {
    "mini": (
        "These are the course's own small models on its generated corpus. Their figures show how "
        "pruning acts; they are not figures of the published RoBERTa, GPT-2 or BART."
    ),
    "random": (
        "Full published architectures with random weights: size and runtime are true to scale; "
        "scores, and how zeros spread over the layers, are not those of trained weights."
    ),
}


_FRESH = (
    "The classification head was drawn at random, not trained: loss, accuracy and F1 are those of "
    "a guess."
)

_APART = 3.0  # on a quiet machine medians and quartiles differ by less than a factor of two


def notes(study: Study) -> list[str]:
    """What has to be said beside the figures of this study."""
    said = [_NOTES[study.settings.source]] if study.settings.source in _NOTES else []
    for task, part in study.parts.items():
        said += [f"{remark}." for remark in part.remarks]
        said += text_notes(part) if task == "text" else _score_notes(part)
        said += [account.remark for account in part.accounts if account.remark]
        said += [f"{summary.remark}." for summary in part.weights if summary.remark]
        said += _disturbed(part.results)
    return list(dict.fromkeys(said))


def _score_notes(part: Part) -> list[str]:
    said = []
    for model, rows in part.results.groupby("model", sort=False):
        said += [f"{model}: {remark}" for remark in rows["remarks"].unique() if remark]
    fresh = (part.results["head"] == "fresh").any() and part.settings.source != "random"
    return [*said, *([_FRESH] if fresh else [])]


def _disturbed(results: pd.DataFrame) -> list[str]:
    """A remark for each model whose times differ too much for what is the same work throughout."""
    found = []
    for model, rows in results.groupby("model", sort=False):
        least, most = rows["runtime_median"].min(), rows["runtime_median"].max()
        if most > _APART * least or (rows["runtime_q75"] > _APART * rows["runtime_q25"]).any():
            found.append(
                f"{model}: other work on this machine disturbed the times (medians from "
                f"{1000 * least:.1f} to {1000 * most:.1f} ms for the same work): they say nothing "
                "about sparsity. Finish the other work, delete the folder cells of the study and "
                "measure again."
            )
    return found


def figures(study: Study) -> list[plots.Plot]:
    """All figures of a study, in the order of the report, each with the study's notes."""
    return [plot for drawn in _figures(study).values() for plot in drawn]


def _figures(study: Study) -> dict[str, list[plots.Plot]]:
    """Task → its figures."""
    said = " ".join(notes(study))
    return {
        task: [replace(plot, alt=f"{plot.alt} {said}".strip()) for plot in _drawn(task, part)]
        for task, part in study.parts.items()
    }


def _drawn(task: str, part: Part) -> list[plots.Plot]:
    if task == "text":
        return text_figures(part)
    return [
        plots.plot_weights(part.weights),
        plots.plot_qq(part.weights),
        plots.plot_bands(part.weights),
        plots.plot_curves(part.results),
        plots.plot_paired(part.paired),
        plots.plot_size(part.results),
        plots.plot_runtime(part.results),
    ]


def scores_table(study: Part) -> pd.DataFrame:
    """What is left of the models, as text, one row per model and level, for people."""
    import pandas as pd

    rows = []
    for row in study.results.itertuples():
        collapsed = "" if pd.isna(row.collapsed_to) else f"all class {row.collapsed_to}"
        rows.append(
            {
                "model": row.model,
                "sparsity": f"{round(100 * row.sparsity, 2):g} %",
                "loss": f"{row.loss:.3f}",
                "accuracy": f"{row.accuracy:.1%}",
                "95 %": f"{100 * row.accuracy_low:.1f}–{100 * row.accuracy_high:.1f}",
                "F1": f"{row.f1:.3f}",
                "MCC": f"{row.matthews:.2f}",
                "says yes": f"{row.share_positive:.0%}",
                "collapsed": collapsed,
            }
        )
    return pd.DataFrame(rows)


def costs_table(study: Part) -> pd.DataFrame:
    """Bytes and time as text, one row per model and level, for people."""
    import pandas as pd

    rows = []
    for row in study.results.itertuples():
        rows.append(
            {
                "model": row.model,
                "sparsity": f"{round(100 * row.sparsity, 2):g} %",
                "whole model": f"{row.model_sparsity:.1%}",
                "file (MB)": f"{row.file_bytes / 1e6:.2f}",
                "zstd (MB)": f"{row.zstd_bytes / 1e6:.2f}",
                "bit mask (MB)": f"{row.bitmask_bytes / 1e6:.2f}",
                "CSR (MB)": f"{row.csr_bytes / 1e6:.2f}",
                "mask bound (MB)": f"{row.entropy_bytes / 1e6:.2f}",
                "forward (ms)": f"{1000 * row.runtime_median:.1f}",
                "quartiles": f"{1000 * row.runtime_q25:.1f}–{1000 * row.runtime_q75:.1f}",
            }
        )
    return pd.DataFrame(rows)


def weights_table(study: Part) -> pd.DataFrame:
    """Shares, moments, tails and outliers per model and stack as text, for people."""
    import pandas as pd

    whole = study.weight_table.query("block == -1")
    shares = [column for column in whole.columns if column.startswith("below_")]
    table = {"model": whole["model"], "stack": whole["stack"]}
    table |= {"weights": [f"{count:,}" for count in whole["weights"]]}
    for column in shares:
        table[f"|w| < {column.removeprefix('below_')}"] = [f"{x:.1%}" for x in whole[column]]
    table |= {
        "std": [f"{x:.4f}" for x in whole["std"]],
        "kurtosis": [f"{x:.2f}" for x in whole["excess_kurtosis"]],
        "L-kurtosis": [f"{x:.3f}" for x in whole["l_kurtosis"]],
        "outliers": [f"{count:,}" for count in whole["outliers"]],
        "largest": [f"{x:.2f}" for x in whole["largest"]],
    }
    best = [whole.fits()[0] for summary in study.weights for whole in summary.wholes]
    table["best fit"] = [fit.family + (f", ν={fit.df:.1f}" if fit.df else "") for fit in best]
    return pd.DataFrame(table)


def write_report(study: Study, out: Path | str) -> Path:
    """Write `figures/` (svg, png, txt) and `report.html` under `out`; returns the page's path.

    The page holds its figures, tables and style; it makes no request and needs no script.
    """
    out = Path(out)
    drawn = _figures(study)
    for plot in (plot for part in drawn.values() for plot in part):
        plot.save(out / "figures")
    return write_text(out / "report.html", _page(study, drawn))


def _page(study: Study, drawn: dict[str, list[plots.Plot]]) -> str:
    parts = []
    for task, part in study.parts.items():
        text = task == "text"
        parts.append(
            {
                "task": task,
                "first": part.results.iloc[0],
                "scores": text_table(part) if text else scores_table(part),
                "samples": samples_table(part),
                "costs": costs_table(part),
                "weights": weights_table(part),
                "accounts": accounts_table(part.accounts),
                "plots": drawn[task],
            }
        )
    first = next(iter(study.parts.values()))
    return render(
        "study.html",
        settings=study.settings,
        models=first.results["model"].unique(),
        notes=notes(study),
        parts=parts,
    )
