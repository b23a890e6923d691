"""Where a fine-tuning run lives: its place, its unfinished state, its finished checkpoint."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labkit.errors import InputError, SourceError
from labkit.files import disk_errors, replacing_folder, write_text
from labkit.models import sources

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase, Trainer

    from labkit.training.result import FinetuneResult

CARD, LOG, SETTINGS, INPUTS = "README.md", "log.jsonl", "settings.json", "inputs.json"


def check_free(out: Path, force: bool) -> None:
    """Refuse to overwrite; with `force` allow it for a checkpoint of this module only."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    ours = all((out / name).is_file() for name in ("config.json", LOG, CARD))
    if not ours:
        raise InputError(f"{out} exists and is no checkpoint of `labkit finetune`: choose another")
    if not force:
        raise InputError(
            f"{out} already holds a fine-tuned checkpoint. Use it, choose another folder (--out), "
            "or replace it (--force)."
        )


def open_partial(out: Path, settings: dict[str, Any], resume: bool) -> Path:
    """The folder for the state of this run, with what an interrupted one left if it fits.

    Raises:
        InputError: it holds the state of a run with other settings.
        SourceError: it cannot be written.
    """
    partial = out.with_name(f".{out.name}.partial")
    try:
        before = json.loads((partial / SETTINGS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        before = {}
    if resume and before != settings and last_checkpoint(partial):
        changed = [f"{k} {before.get(k)!r}" for k in settings if before.get(k) != settings[k]]
        raise InputError(
            f"an interrupted run with {', '.join(changed)} is kept in {partial}: go on with "
            "the same arguments, or start anew (--no-resume)"
        )
    if not resume:
        shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SourceError(
            f"cannot write {out}: {error.strerror or error}. Choose another folder (--out)."
        ) from error
    write_text(partial / SETTINGS, json.dumps(settings))
    return partial


def check_inputs(partial: Path, inputs: dict[str, str]) -> None:
    """Refuse to go on with other data or another model than the state was trained on.

    Their names may be the same: a file was mended, say, which is why the run was stopped.
    `inputs` maps what went in to a hash of its content.

    Raises:
        InputError: the state in `partial` is of other inputs, or of nobody knows which.
    """
    path = partial / INPUTS
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        before = {}
    if before != inputs and last_checkpoint(partial):
        changed = " and the ".join(what for what in inputs if before.get(what) != inputs[what])
        raise InputError(
            f"the {changed} changed since the interrupted run that is kept in {partial}: start "
            "anew (--no-resume), or put back what was there"
        )
    write_text(path, json.dumps(inputs))


def last_checkpoint(partial: Path) -> Path | None:
    """The newest checkpoint that is whole: `Trainer` writes its state file last."""
    found = []
    for folder in partial.glob("checkpoint-*"):
        try:
            state = json.loads((folder / "trainer_state.json").read_text(encoding="utf-8"))
            found.append((int(state["global_step"]), folder))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return max(found)[1] if found else None


@contextmanager
def kept(partial: Path) -> Iterator[None]:
    """Explain an error of the disk while the states of a run are written to `partial`.

    Raises:
        SourceError: names the folder and the remedy.
    """
    try:
        with disk_errors():
            yield
    except SourceError:
        raise
    except OSError as error:
        raise SourceError(
            f"cannot keep the state of the training in {partial}: {error.strerror or error}. Free "
            "space there and run the same command again: it goes on from the last whole state. If "
            "that state is damaged, start anew (--no-resume)."
        ) from error


def save(
    trainer: Trainer,
    tokenizer: PreTrainedTokenizerBase,
    partial: Path,
    out: Path,
    card: str,
) -> None:
    """Write the checkpoint to `out`, whole or not at all, and give up the state in `partial`.

    Raises:
        SourceError: `out` cannot be written; the state is kept.
    """
    try:
        with replacing_folder(out) as final, disk_errors():
            trainer.accelerator.unwrap_model(trainer.model).save_pretrained(final)
            tokenizer.save_pretrained(final)
            (final / CARD).write_text(card, encoding="utf-8", newline="\n")
            rows = [json.dumps(row) + "\n" for row in trainer.state.log_history]
            (final / LOG).write_text("".join(rows), encoding="utf-8", newline="\n")
    except SourceError as error:
        raise SourceError(
            f"{error} The trained state is kept in {partial}: free space or rights and run the "
            "same command again."
        ) from error
    shutil.rmtree(partial, ignore_errors=True)


def card(
    result: FinetuneResult, settings: dict[str, Any], recipe: dict[str, Any], validation: int
) -> str:
    """The model card (Markdown) of a finished run; `recipe` has further rows for its table."""
    from importlib.metadata import version

    origin = settings["source"]
    rows = {
        "started from": sources.HUB_MODELS[result.name] if origin == "hub" else _named(origin),
        "trained on": f"sentence pairs of {_named(settings['data'])}",
        **{key.replace("_", " "): value for key, value in settings.items() if key not in _SHOWN},
        **recipe,
        "steps": f"{result.steps:,}",
        "device": result.device,
        "versions": f"transformers {version('transformers')}, torch {version('torch')}",
    }
    table = "\n".join(f"| {key} | {value} |" for key, value in rows.items())
    scores = "\n".join(
        f"| {e.epoch} | {e.loss:.4f} | {100 * e.accuracy:.1f} % | {100 * e.f1:.1f} % |"
        for e in result.epochs
    )
    return f"""# {result.name}, fine-tuned to tell paraphrases

Made by `labkit finetune`. Label 1 means that two sentences say the same.

| recipe | |
|---|---|
{table}

Scores on {validation:,} validation pairs (`{LOG}` has the whole course of the training):

| epoch | loss (nats) | accuracy | F1 |
|---|---|---|---|
{scores}

The weights are those of the last epoch, whichever was best: no choice was made by these scores.
This is one run with one seed. Fine-tuning on a few thousand pairs varies by a point or two of
accuracy from seed to seed.
"""


_SHOWN = ("name", "source", "data")


def _named(source: str) -> str:
    # A path says nothing to others, and who made the card may not want to show it.
    return source if source in ("hub", "mini") else f"the folder `{Path(source).name}`"
