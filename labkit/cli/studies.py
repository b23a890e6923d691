"""Commands that run models: study, fetch, finetune, train-mini."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from labkit.cli.app import (
    LEVELS,
    Levels,
    Method,
    ModelName,
    Seed,
    Source,
    app,
    levels_of,
    print_table,
    progress,
)
from labkit.errors import InputError
from labkit.models import sources


@app.command()
def study(
    models: Annotated[
        str, typer.Option(help="Comma-separated names; with a path as source, one label.")
    ] = ",".join(sources.MODEL_NAMES),
    levels: Levels = LEVELS,
    source: Source = "mini",
    task: Annotated[
        str,
        typer.Option(
            help="mrpc (classifiers), text (language models, without fine-tuning), or both: "
            "mrpc,text."
        ),
    ] = "mrpc",
    data: Annotated[
        str | None,
        typer.Option(
            help="Pairs: mini, hub, or a file or folder; default: what belongs to the source."
        ),
    ] = None,
    text: Annotated[
        str | None,
        typer.Option(
            help="Documents: mini, hub (WikiText-2), or a file or folder of txt, jsonl or parquet; "
            "default: what belongs to the source."
        ),
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Split to evaluate on; default validation, else test.")
    ] = None,
    fine_tuned: Annotated[
        bool | None,
        typer.Option(
            "--fine-tuned/--as-loaded",
            help="Insist on a trained classification head, or draw a fresh one; default: as the "
            "source has it (hub: the checkpoint of `labkit finetune`).",
        ),
    ] = None,
    method: Method = "global",
    out: Annotated[Path, typer.Option(help="Folder for tables, figures and report.")] = Path(
        "results"
    ),
    seed: Seed = 0,
    limit: Annotated[
        int | None,
        typer.Option(help="Evaluate on the first LIMIT pairs or documents only (a quick look)."),
    ] = None,
    context: Annotated[
        int | None,
        typer.Option(
            help="Tokens that a language model sees at once; default: what it takes, at most 1024."
        ),
    ] = None,
    batch_size: Annotated[int, typer.Option(help="Sequences of the timed forward pass.")] = 8,
    length: Annotated[int, typer.Option(help="Tokens of a timed sequence.")] = 64,
) -> None:
    """Prune, evaluate and measure models at several sparsities; print, save and plot the results.

    Finished cells are kept under OUT/cells: run it again after Ctrl-C and it goes on.  A masked
    language model (RoBERTa) needs a pass for each token, and is scored on the openings of LIMIT
    documents, by default 20.
    """
    from labkit.study.report import notes, write_report
    from labkit.study.run import run_study, write_manifest
    from labkit.study.settings import Settings

    head = {None: "trained" if source == "hub" else "auto", True: "trained", False: "fresh"}
    settings = Settings(
        models=tuple(_names(models)),
        levels=tuple(levels_of(levels)),
        source=source,
        task=tuple(_names(task)),
        data=data,
        text=text,
        split=split,
        head=head[fine_tuned],
        method=method,
        seed=seed,
        limit=limit,
        batch_size=batch_size,
        length=length,
        context=context,
    ).checked()
    start = time.monotonic()
    pairs, texts = (name in settings.task for name in ("mrpc", "text"))
    published = source == "hub" and (texts or settings.head != "trained")
    _fetch(
        settings.models if published else [],
        pairs and settings.data == "hub",
        texts and settings.text == "hub",
    )
    with progress("study") as report:
        result = run_study(settings, out, report)
        report("figures and report", 1, 1)
        page = write_report(result, out)
        write_manifest(out, result, time.monotonic() - start)
    for note in notes(result):
        print(note)
    for name, part in result.parts.items():
        _print_part(name, part)
    print(f"report: {page}")


def _print_part(task: str, part: Any) -> None:
    from labkit.models.left_out import accounts_table
    from labkit.study.report import costs_table, scores_table, weights_table
    from labkit.study.text_report import text_table

    print_table("Weights (dense)", weights_table(part))
    print_table("What is pruned of the blocks", accounts_table(part.accounts))
    if task == "text":
        print_table("What is left: text", text_table(part))
    else:
        print_table("What is left: MRPC", scores_table(part))
    print_table("What it costs: size and runtime", costs_table(part))


@app.command()
def fetch(
    models: Annotated[str, typer.Option(help="Comma-separated names.")] = ",".join(
        sources.MODEL_NAMES
    ),
    mrpc: Annotated[bool, typer.Option(help="Fetch MRPC too.")] = True,
    text: Annotated[bool, typer.Option(help="Fetch WikiText-2 too (8 MB).")] = True,
) -> None:
    """Download the published models, MRPC and WikiText-2 into the hub's cache (about 1.6 GB)."""
    for item in _fetch(_names(models), mrpc, text):
        state = "was there" if item.cached else "fetched"
        print(f"{item.what}: {state}, {item.bytes / 1e6:.0f} MB in {item.path}")


@app.command()
def finetune(
    name: ModelName,
    source: Annotated[str, typer.Option(help="hub, mini or a checkpoint folder.")] = "hub",
    data: Annotated[
        str | None, typer.Option(help="hub, mini, or a file or folder; default: the source's.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the checkpoint; needed unless source and data are hub."),
    ] = None,
    epochs: Annotated[int, typer.Option(help="Passes over the training split.")] = 3,
    batch_size: Annotated[int, typer.Option(help="Pairs per step and device.")] = 16,
    learning_rate: Annotated[float, typer.Option(help="Highest learning rate.")] = 2e-5,
    max_length: Annotated[int, typer.Option(help="Tokens a pair is cut to.")] = 128,
    as_loaded: Annotated[
        bool, typer.Option("--fresh-head", help="Draw a new classification head first.")
    ] = False,
    seed: Seed = 0,
    resume: Annotated[bool, typer.Option(help="Take up an interrupted run.")] = True,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the checkpoint of an earlier run.")
    ] = False,
) -> None:
    """Fine-tune a model on MRPC with transformers' Trainer; resumes after Ctrl-C."""
    from labkit.training.trainer import finetune as train

    corpus = data or (source if source in ("hub", "mini") else "hub")
    _fetch([name] if source == "hub" else [], corpus == "hub")
    with progress(f"finetune {name}") as report:
        result = train(
            name,
            source,
            corpus,
            out,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            max_length=max_length,
            head="fresh" if as_loaded else "auto",
            seed=seed,
            resume=resume,
            force=force,
            report=lambda at: report(_step_text(at.loss, at.scores), at.step, at.steps),
        )
    for remark in result.remarks:
        print(remark)
    for scores in result.epochs:
        print(
            f"epoch {scores.epoch}: loss {scores.loss:.4f}, accuracy {scores.accuracy:.1%}, "
            f"F1 {scores.f1:.4f}"
        )
    print(f"checkpoint: {result.path}")


@app.command("train-mini")
def train_mini(
    name: ModelName,
    task: Annotated[
        str, typer.Option(help="mrpc: the classifier; text: the language model.")
    ] = "mrpc",
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the checkpoint; default: NAME-mini (text: NAME-mini-text)."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed; default: that of the shipped zoo.")
    ] = None,
    resume: Annotated[bool, typer.Option(help="Take up an interrupted run.")] = True,
) -> None:
    """Rebuild a checkpoint of the mini zoo from nothing (under 45 minutes on 2 cores)."""
    if task not in ("mrpc", "text"):
        raise InputError(f"no task named {task!r}: choose mrpc or text (--task)")
    folder = out or Path(f"{name}-mini" if task == "mrpc" else f"{name}-mini-text")
    options = {"resume": resume} | ({} if seed is None else {"seed": seed})
    with progress(f"train-mini {name}") as report:

        def tell(stage: str, step: int, total: int, loss: float) -> None:
            report(f"{stage}: loss {loss:.3f}", step, total)

        if task == "text":
            from labkit.evaluation.text.ngrams import perplexities
            from labkit.mini.text_recipe import train_text

            figures = train_text(name, folder, report=tell, baselines=perplexities, **options)
            found = f"validation loss {figures['loss']:.4f} nats per token"
        else:
            from labkit.mini import recipe

            figures = recipe.train_mini(name, folder, report=tell, **options)
            found = f"validation accuracy {figures['accuracy']:.1%}"
    print(f"{found}, {figures['minutes']:.1f} minutes")
    print(f"checkpoint: {folder}")


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _fetch(names: Sequence[str], mrpc: bool, text: bool = False) -> list[Any]:
    """Bring models and corpora into the cache, with a bar for what is not there yet."""
    from labkit.models import hub

    with progress("fetch", unit="bytes") as report:
        return hub.fetch(
            names, mrpc, lambda p: report(f"{p.what}: {p.file}", p.done, p.total), text=text
        )


def _step_text(loss: float | None, scores: Any) -> str:
    text = "training" if loss is None else f"loss {loss:.3f}"
    return text if scores is None else f"{text}, accuracy {scores.accuracy:.1%}"
