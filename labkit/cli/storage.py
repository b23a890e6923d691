"""Commands about the files models are kept in: size."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labkit.cli.app import (
    LEVELS,
    Levels,
    Method,
    Seed,
    Source,
    app,
    levels_of,
    print_table,
    progress,
)
from labkit.models import sources

if TYPE_CHECKING:
    import pandas as pd

    from labkit.models.load import Task


@app.command()
def size(
    model: Annotated[
        str | None,
        typer.Argument(
            help=f"One of {', '.join(sources.MODEL_NAMES)}, or a checkpoint folder; default: all."
        ),
    ] = None,
    levels: Levels = LEVELS,
    source: Source = "mini",
    method: Method = "global",
    out: Annotated[
        Path | None, typer.Option(help="Folder for the table (csv, json) and a figure.")
    ] = None,
    seed: Seed = 0,
) -> None:
    """Compare what a pruned model takes on disk, by form of storage and sparsity.

    Dense, gzip, zstd and save_sparse are files that are written and measured; the others are
    counted. The mask bound is the entropy of the mask and the kept values as they are.

    A checkpoint folder is measured with the head that it holds, if that is a language model's or a
    classifier's of two classes; a named model with the head of a classifier.
    """
    from pandas import concat

    from labkit.models.load import load_model
    from labkit.storage.formats import compare_formats, formats_table

    if model is not None and model not in sources.MODEL_NAMES and Path(model).is_dir():
        model, source = None, model
    named = source in ("mini", "hub", "random")
    names = sources.MODEL_NAMES if named else [Path(source).expanduser().resolve().name]
    shares = levels_of(levels)
    tables, drawn = [], []
    with progress("size", unit="levels") as report:
        for name in names if model is None else [model]:
            task = "mrpc" if named else _task(source)
            loaded = load_model(name, source, task=task, seed=seed)
            title = loaded.spec.title
            if not named and loaded.spec.head == "fresh":
                drawn.append(
                    f"{title}: measured with a new classification head; a head for another task "
                    "in it is left out"
                )
            options = {"method": method, "seed": seed, "report": report}
            tables.append(compare_formats(loaded.model, title, shares, **options))
    for remark in drawn:
        print(remark, file=sys.stderr)
    results = concat(tables, ignore_index=True)
    print_table("Size on disk, and its share of the dense file", formats_table(results))
    if out is not None:
        _save(results, out)
        print(f"table and figure: {out}")


def _task(folder: str) -> Task:
    """What the model of a checkpoint folder is for: its head is a part of its size."""
    from labkit.errors import InputError
    from labkit.models.blueprint import blueprint
    from labkit.models.language import language_kind

    try:
        language_kind(blueprint(folder))
    except InputError:
        return "mrpc"
    return "text"


def _save(results: pd.DataFrame, out: Path) -> None:
    from labkit.files import write_text
    from labkit.plots import plot_size

    write_text(out / "sizes.csv", results.to_csv(index=False))
    write_text(out / "sizes.json", results.to_json(orient="records", indent=1) + "\n")
    plot_size(results).save(out)
