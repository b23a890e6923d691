"""Rebuild a mini model from nothing: three stages, resumable, the same weights for the same seed.

Same seed, same machine and same number of torch threads give the same bytes; another machine
rounds differently and gives a model of about the same accuracy.  The caller chooses the number of
threads (`torch.set_num_threads`).
"""

import json
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from labkit.errors import InputError, SourceError
from labkit.files import disk_errors, replacing, write_text
from labkit.mini.batches import step_random
from labkit.mini.card import model_card
from labkit.mini.corpus import generate_pairs
from labkit.mini.evaluation import accuracy_tables, predict, stage_accuracy
from labkit.mini.models import build_model
from labkit.mini.stages import BATCH, STAGES, Learner, build_heads, draw_batch, rate, stage_loss
from labkit.mini.standins import token_groups
from labkit.mini.tokenizers import build_tokenizer
from labkit.models.sources import check_name

if TYPE_CHECKING:
    import torch

Report = Callable[[str, int, int, float], None]

SEED: Final = 7
STEPS: Final[dict[str, dict[str, int]]] = {
    "roberta": {"copying": 2500, "detection": 2000, "classification": 1500},
    "gpt2": {"copying": 600, "detection": 900, "classification": 800},
    "bart": {"copying": 1400, "detection": 800, "classification": 800},
}
SAVE_EVERY: Final = 200
_LOG_EVERY: Final = 50
_STATE_FILE: Final = "training-state.pt"
_WEIGHT_DECAY, _LARGEST_NORM = 0.01, 1.0


@dataclass
class _Run:
    """A training under way: what is trained, where it stands and what it has written."""

    learner: Learner
    out: Path
    identity: dict[str, Any]
    steps: dict[str, int]
    stage: int = 0
    step: int = 0
    seconds: float = 0.0
    losses: list[float] = field(default_factory=list)
    log: list[dict[str, Any]] = field(default_factory=list)
    optimizer: "torch.optim.Optimizer | None" = None
    started: float = field(default_factory=time.monotonic)

    def elapsed(self) -> float:
        return self.seconds + time.monotonic() - self.started

    def parameters(self) -> list["torch.nn.Parameter"]:
        return [*self.learner.model.parameters(), *self.learner.heads.parameters()]

    def new_optimizer(self) -> None:
        import torch

        self.optimizer = torch.optim.AdamW(
            self.parameters(), lr=0.0, weight_decay=_WEIGHT_DECAY, fused=True
        )


def train_mini(
    name: str,
    out: Path | str,
    *,
    seed: int = SEED,
    steps_scale: float = 1.0,
    report: Report | None = None,
    resume: bool = True,
    save_every: int = SAVE_EVERY,
) -> dict[str, Any]:
    """Train the mini model `name` (roberta, gpt2 or bart) and write its checkpoint to `out`.

    Writes the model and tokenizer (`save_pretrained`), `log.jsonl` and a model card `README.md`.
    Every `save_every` steps the whole state goes to `out/training-state.pt`, written whole or not
    at all; with `resume`, a later call with the same arguments goes on from there and ends at the
    same weights as an uninterrupted run.  The file goes away at the end.

    `steps_scale` multiplies the number of steps of each stage (at least 1 step).  `report(stage,
    step, total, loss)` is called after each step, `step` from 1 to `total`.

    Returns the figures of the card: `name`, `seed`, `steps`, `batch`, `minutes`, `threads`,
    `parameters`, `right` and `pairs` (counts on validation), `accuracy` (0 to 1),
    `stage_accuracy`, `by_differences`, `by_kind`, `only_kind`.

    Raises:
        InputError: unknown name, `steps_scale` or `save_every` not positive, or `out` holds the
            state of a run with other arguments.
        SourceError: `out` cannot be written or its state file is damaged.
    """
    check_name(name)
    if not steps_scale > 0:
        raise InputError(f"steps_scale is {steps_scale!r}; give a number above 0.")
    if save_every < 1:
        raise InputError(f"save_every is {save_every!r}; give at least 1 step.")
    steps = {stage: max(1, round(steps_scale * STEPS[name][stage])) for stage in STAGES}
    out = Path(out)
    if out.is_dir() and any(out.iterdir()) and not (out / _STATE_FILE).exists():
        raise InputError(f"{out} holds files already: choose another folder, or empty it first.")
    run = _start(name, out, seed, steps)
    if resume:
        _load(run)
    _save(run)  # a folder that cannot be written should be known now, not after 200 steps
    validation = generate_pairs()["validation"]
    while run.stage < len(STAGES):
        _train_stage(run, seed, report, save_every)
        stage = STAGES[run.stage]
        accuracy = stage_accuracy(run.learner, stage, validation)
        _log(run, stage, {"validation_accuracy": round(accuracy, 6)})
        run.stage, run.step, run.losses = run.stage + 1, 0, []
        run.new_optimizer()
        _save(run)
    return _finish(run, seed)


def _start(name: str, out: Path, seed: int, steps: dict[str, int]) -> _Run:
    tokenizer = build_tokenizer(name)
    model = build_model(name, tokenizer, seed)
    # A mask alone tells RoBERTa too little of what to look for; the decoders of the others know
    # the word before it.
    groups = token_groups(tokenizer) if name == "roberta" else ()
    heads = build_heads(name, len(tokenizer), seed + 1)
    learner = Learner(name, tokenizer, model, heads, groups)
    run = _Run(learner, out, {"name": name, "seed": seed, "steps": steps}, steps)
    run.new_optimizer()
    return run


def _train_stage(run: _Run, seed: int, report: Report | None, save_every: int) -> None:
    import torch

    stage, parameters = STAGES[run.stage], run.parameters()
    total = run.steps[stage]
    run.learner.model.train()
    while run.step < total:
        learning_rate = rate(run.step, total)
        for group in run.optimizer.param_groups:
            group["lr"] = learning_rate
        rng = step_random(seed, run.stage, run.step)
        batch = draw_batch(run.learner, stage, run.step / total, rng)
        loss = stage_loss(run.learner, stage, batch, rng)
        run.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, _LARGEST_NORM)
        run.optimizer.step()
        run.step += 1
        run.losses.append(loss.item())
        if run.step % _LOG_EVERY == 0 or run.step == total:
            mean = sum(run.losses) / len(run.losses)
            _log(run, stage, {"loss": round(mean, 6), "lr": round(learning_rate, 8)})
            run.losses = []
        if run.step % save_every == 0:
            _save(run)
        if report is not None:
            report(stage, run.step, total, loss.item())


def _log(run: _Run, stage: str, figures: dict[str, float]) -> None:
    row = {"step": run.step, "stage": stage, **figures, "seconds": round(run.elapsed(), 1)}
    run.log.append(row)


def _write_log(run: _Run) -> None:
    write_text(run.out / "log.jsonl", "".join(f"{json.dumps(row)}\n" for row in run.log))


def _save(run: _Run) -> None:
    import torch

    state = {
        "identity": run.identity,
        "stage": run.stage,
        "step": run.step,
        "seconds": run.elapsed(),
        "losses": run.losses,
        "log": run.log,
        "model": run.learner.model.state_dict(),
        "heads": run.learner.heads.state_dict(),
        "optimizer": run.optimizer.state_dict(),
    }
    with replacing(run.out / _STATE_FILE) as temporary, disk_errors():
        torch.save(state, temporary)
    _write_log(run)


def _load(run: _Run) -> None:
    import torch

    path = run.out / _STATE_FILE
    if not path.exists():
        return
    try:
        state = torch.load(path, weights_only=True)
        identity = state["identity"]
    except Exception as error:
        raise SourceError(
            f"cannot read {path}: {error}. Delete it or start anew with resume=False."
        ) from error
    if identity != run.identity:
        raise InputError(
            f"{path} belongs to another run ({identity}, not {run.identity}). Delete it, choose "
            "another folder or start anew with resume=False."
        )
    run.learner.model.load_state_dict(state["model"])
    run.learner.heads.load_state_dict(state["heads"])
    run.optimizer.load_state_dict(state["optimizer"])
    run.stage, run.step, run.seconds = state["stage"], state["step"], state["seconds"]
    run.losses, run.log = state["losses"], state["log"]


def _finish(run: _Run, seed: int) -> dict[str, Any]:
    import torch

    learner, pairs = run.learner, generate_pairs()["validation"]
    predicted = predict(learner.name, learner.model, learner.tokenizer, pairs).tolist()
    right = sum(int(a == pair.label) for a, pair in zip(predicted, pairs, strict=True))
    figures = {
        "name": learner.name,
        "seed": seed,
        "steps": run.steps,
        "batch": BATCH[learner.name],
        "minutes": round(run.elapsed() / 60, 1),
        "threads": torch.get_num_threads(),
        "parameters": sum(p.numel() for p in learner.model.parameters()),
        "right": right,
        "pairs": len(pairs),
        "accuracy": right / len(pairs),
        "stage_accuracy": {
            row["stage"]: row["validation_accuracy"]
            for row in run.log
            if "validation_accuracy" in row
        },
        **accuracy_tables(pairs, predicted),
    }
    _save_checkpoint(learner, run.out)
    _write_log(run)
    write_text(run.out / "README.md", model_card(figures))
    (run.out / _STATE_FILE).unlink(missing_ok=True)
    return figures


def _save_checkpoint(learner: Learner, out: Path) -> None:
    """`save_pretrained` beside `out`, then move each file, so that none is there in part."""
    from transformers.utils import logging

    bar = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        with disk_errors(), tempfile.TemporaryDirectory(dir=out) as folder:
            learner.model.eval()
            learner.model.save_pretrained(folder)
            learner.tokenizer.save_pretrained(folder)
            for file in sorted(Path(folder).iterdir()):
                with replacing(out / file.name) as temporary:
                    shutil.copyfile(file, temporary)
    except OSError as error:
        raise SourceError(
            f"cannot write the checkpoint to {out}: {error}. The trained state is kept there: free "
            "space and run the same command again."
        ) from error
    finally:
        if bar:
            logging.enable_progress_bar()
