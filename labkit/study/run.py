"""The whole course in one run: models x levels, pruned, evaluated and measured.

Each (model, level) is a cell.  A finished cell is kept under a key made of everything it depends
on, so that a second run, or one after Ctrl-C, computes only what is missing or out of date.
"""

from __future__ import annotations

import json
import platform
import time
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labkit.evaluation.mrpc import load_mrpc, remarks
from labkit.evaluation.paired import compare_paired
from labkit.evaluation.scores import Evaluation
from labkit.files import behind, replacing, sha256, write_text
from labkit.models.account import Account, parameter_account
from labkit.models.load import described
from labkit.study.cells import ModelRun, Report, Steps, code_fingerprint, versions
from labkit.study.settings import Settings
from labkit.weights.summary import WeightSummary

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Study:
    """Results of a study.

    `results` has one row per model and level (see `Evaluation.row`, `ModelSize.row`,
    `Runtime.row`), `layers` one per model, level and weight matrix, `paired` one per model and
    level against the lowest level on the same examples.  `weights` are the dense models,
    `remarks` what was left out of the corpus, and `accounts` which weights of the blocks are
    pruned.
    """

    settings: Settings
    results: pd.DataFrame
    layers: pd.DataFrame
    paired: pd.DataFrame
    weights: tuple[WeightSummary, ...]
    remarks: tuple[str, ...] = ()
    accounts: tuple[Account, ...] = ()

    @property
    def weight_table(self) -> pd.DataFrame:
        """`WeightSummary.table` of all models, one below the other."""
        import pandas as pd

        return pd.concat([summary.table() for summary in self.weights], ignore_index=True)

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """File name → table, as saved."""
        return {
            "results": self.results,
            "layers": self.layers,
            "paired": self.paired,
            "weights": self.weight_table,
        }


def run_study(settings: Settings, out: Path | str, report: Report | None = None) -> Study:
    """Compute what is missing of a study, and save its tables under `out`.

    Writes `cells/` (finished cells; delete it to start anew) and `tables/` (parquet and csv).
    Interrupt it at any time: finished cells are whole and are found by the next run.

    Raises:
        InputError, SourceError: as `Settings.checked`, `load_model`, `load_mrpc`.
    """
    settings = settings.checked()
    cells = Path(out) / "cells"
    corpus = load_mrpc(settings.data)
    steps = Steps(report, len(settings.models) * (len(settings.levels) + 1))
    rows, layers, paired, summaries = [], [], [], []
    for name in settings.models:
        run = ModelRun(settings, name, corpus, cells, steps)
        summaries.append(run.weights())
        found = run.levels()
        first = found[0].evaluation
        for cell in found:
            rows.append(cell.row)
            layers += cell.layers
            paired.append(_paired_row(cell.row, first, cell.evaluation))
    accounts = tuple(
        parameter_account(described(name, settings.source, head=settings.head), title=summary.title)
        for name, summary in zip(settings.models, summaries, strict=True)
    )
    study = _assemble(
        rows,
        layers,
        paired,
        settings=settings,
        weights=tuple(summaries),
        remarks=remarks(corpus),
        accounts=accounts,
    )
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
        "remarks": list(study.remarks),
        "labkit": metadata.version("llm-sparsity-lab"),
        "code": code_fingerprint(),
        "python": platform.python_version(),
        "versions": versions(),
        "platform": platform.platform(),
        "threads": torch.get_num_threads(),
        "seconds": round(seconds, 2),
        "cells": {
            f"{row['name']} {row['level']}": round(row["seconds"], 2)
            for row in study.results.to_dict("records")
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


def _assemble(rows: list, layers: list, paired: list, **rest: Any) -> Study:
    import pandas as pd

    results = pd.DataFrame(rows)
    results["collapsed_to"] = results["collapsed_to"].astype("Int64")
    layers_table, paired_table = pd.DataFrame(layers), pd.DataFrame(paired)
    return Study(results=results, layers=layers_table, paired=paired_table, **rest)


def _paired_row(cell: dict, first: Evaluation, second: Evaluation) -> dict:
    row = {"model": cell["model"], "level": cell["level"]}
    for key, value in asdict(compare_paired(first, second)).items():
        if isinstance(value, dict):  # an interval
            row |= {f"{key.removesuffix('_interval')}_{end}": v for end, v in value.items()}
        else:
            row[key] = value
    return row
