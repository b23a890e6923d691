"""The whole course in one run: models x levels, pruned, evaluated and measured.

Each (model, level) is a cell.  A finished cell is kept under a key made of everything it depends
on, so that a second run, or one after Ctrl-C, computes only what is missing or out of date.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labkit.evaluation.mrpc import load_mrpc, remarks
from labkit.evaluation.paired import compare_paired
from labkit.evaluation.text.compare import compare_texts
from labkit.evaluation.text.corpus import load_text
from labkit.files import behind, replacing, sha256, write_text
from labkit.models.left_out import Account, parameter_account
from labkit.study.cell_keys import code_fingerprint, versions
from labkit.study.cells import ModelRun, Report, Steps
from labkit.study.pairs import PairsRun
from labkit.study.settings import Settings
from labkit.study.texts import TextRun, remark
from labkit.weights.summary import WeightSummary

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Part:
    """Results of a study at one task.

    `results` has one row per model and level (see `Evaluation.row` or `TextEvaluation.row`,
    `ModelSize.row`, `Runtime.row`), `layers` one per model, level and weight matrix, `paired` one
    per model and level against the lowest level on the same examples or documents.  `weights` are
    the dense models, `remarks` what was left out of the corpus, `accounts` which weights of the
    blocks are pruned, and `samples` what language models wrote (`Written.rows`).
    """

    settings: Settings
    results: pd.DataFrame
    layers: pd.DataFrame
    paired: pd.DataFrame
    weights: tuple[WeightSummary, ...]
    remarks: tuple[str, ...] = ()
    accounts: tuple[Account, ...] = ()
    samples: pd.DataFrame | None = None

    @property
    def weight_table(self) -> pd.DataFrame:
        """`WeightSummary.table` of all models, one below the other."""
        import pandas as pd

        return pd.concat([summary.table() for summary in self.weights], ignore_index=True)

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """File name → table, as saved."""
        found = {
            "results": self.results,
            "layers": self.layers,
            "paired": self.paired,
            "weights": self.weight_table,
        }
        return found if self.samples is None else found | {"samples": self.samples}


@dataclass(frozen=True, eq=False)
class Study(Part):
    """Results of a study: those of its classifiers, and in `text` those of its language models.

    Of a study of language models alone the tables of classifiers are empty.
    """

    text: Part | None = None

    @property
    def parts(self) -> dict[str, Part]:
        """Task → its results, of the tasks that were studied."""
        found: dict[str, Part] = {} if self.results.empty else {"mrpc": self}
        return found if self.text is None else found | {"text": self.text}

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """File name → table, as saved: those of language models begin with `text_`."""
        found = {} if self.results.empty else super().tables
        text = {} if self.text is None else self.text.tables
        return found | {f"text_{name}": table for name, table in text.items()}


def run_study(settings: Settings, out: Path | str, report: Report | None = None) -> Study:
    """Compute what is missing of a study, and save its tables under `out`.

    Writes `cells/` (finished cells; delete it to start anew) and `tables/` (parquet and csv).
    Interrupt it at any time: finished cells are whole and are found by the next run.

    Raises:
        InputError, SourceError: as `Settings.checked`, `load_model`, `load_mrpc`, `load_text`.
    """
    import pandas as pd

    settings = settings.checked()
    cells = Path(out) / "cells"
    each = len(settings.models) * (len(settings.levels) + 1)
    steps = Steps(report, each * len(settings.task))
    # Both corpora are read before anything is computed, so that what is wrong is known at once.
    corpus = load_mrpc(settings.data) if "mrpc" in settings.task else None
    texts = None
    if "text" in settings.task:
        texts = load_text(settings.text, settings.split, limit=settings.limit)
    found: dict[str, Part] = {}
    if corpus is not None:
        runs = [PairsRun(settings, name, corpus, cells, steps) for name in settings.models]
        part = _part(settings, runs, remarks(corpus), compare_paired)
        part.results["collapsed_to"] = part.results["collapsed_to"].astype("Int64")
        found["mrpc"] = part
    if texts is not None:
        runs = [TextRun(settings, name, texts, cells, steps) for name in settings.models]
        found["text"] = _part(settings, runs, texts.left_out, compare_texts)
    none = {name: pd.DataFrame() for name in ("results", "layers", "paired")}
    mine = vars(found["mrpc"]) if "mrpc" in found else {"settings": settings, "weights": ()} | none
    study = Study(**mine, text=found.get("text"))
    for table, frame in study.tables.items():
        save_table(frame, Path(out) / "tables" / table)
    return study


def write_manifest(out: Path | str, study: Study, seconds: float) -> Path:
    """Write `manifest.json`: settings, versions, machine, checksums of the files, timings.

    `seconds` are those of the last run, which may have found finished cells; `cells` has the
    seconds that each cell took when it was computed.

    Finished cells are listed with the rest, so that two studies can be compared file by file.
    """
    import torch

    out = Path(out)
    files = sorted(p for p in out.rglob("*") if p.is_file() and p.name != "manifest.json")
    manifest = {
        "settings": asdict(study.settings),
        "remarks": [said for part in study.parts.values() for said in part.remarks],
        "labkit": metadata.version("llm-sparsity-lab"),
        "code": code_fingerprint(__name__),
        "python": platform.python_version(),
        "versions": versions(),
        "platform": platform.platform(),
        "threads": torch.get_num_threads(),
        "seconds": round(seconds, 2),
        "cells": {
            f"{'text ' * (task == 'text')}{row['name']} {row['level']}": round(row["seconds"], 2)
            for task, part in study.parts.items()
            for row in part.results.to_dict("records")
        },
        "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "sha256": {p.relative_to(out).as_posix(): sha256(p) for p in files},
    }
    return write_text(out / "manifest.json", json.dumps(manifest, indent=2) + "\n")


def save_table(frame: pd.DataFrame, path: Path) -> None:
    """Write `path`.parquet and `path`.csv, each whole or not at all."""
    with replacing(behind(path, ".parquet")) as temporary:
        frame.to_parquet(temporary, index=False)
    write_text(behind(path, ".csv"), frame.to_csv(index=False, lineterminator="\n"))


def _part(
    settings: Settings,
    runs: Sequence[ModelRun],
    remarks: tuple[str, ...],
    compare: Callable[[Any, Any], Any],
) -> Part:
    """Go through the models of one task, one after another."""
    import pandas as pd

    rows, layers, paired, samples, summaries, accounts = [], [], [], [], [], []
    for run in runs:
        summaries.append(run.weights())
        found = run.levels()
        for cell in found:
            rows.append(cell.row)
            layers += cell.layers
            samples += cell.samples
            compared = compare(found[0].evaluation, cell.evaluation)
            paired.append(_paired_row(cell.row, compared))
        accounts.append(parameter_account(run.described, title=summaries[-1].title))
        run.forget()
    text = runs[0].task == "text"
    said = [remark(row) for row in rows if row["level"] == rows[0]["level"]] if text else []
    return Part(
        settings=settings,
        results=pd.DataFrame(rows),
        layers=pd.DataFrame(layers),
        paired=pd.DataFrame(paired),
        weights=tuple(summaries),
        remarks=(*remarks, *filter(None, said)),
        accounts=tuple(accounts),
        samples=pd.DataFrame(samples) if text else None,
    )


def _paired_row(cell: dict, compared: Any) -> dict:
    row = {"model": cell["model"], "level": cell["level"]}
    for key, value in asdict(compared).items():
        if isinstance(value, dict):  # an interval
            row |= {f"{key.removesuffix('_interval')}_{end}": v for end, v in value.items()}
        else:
            row[key] = value
    return row
