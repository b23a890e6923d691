"""The loop that the recipes share: stages of steps, a state on disk, a log, and a checkpoint.

A step depends on (seed, stage, step) and the weights alone, so a run that goes on after a break
ends at the same weights.
"""

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

from labkit.errors import InputError, SourceError
from labkit.files import disk_errors, replacing, write_text

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

Report = Callable[[str, int, int, float], None]

STATE_FILE: Final = "training-state.pt"
SAVE_EVERY: Final = 200
_LOG_EVERY: Final = 50
_WEIGHT_DECAY, _LARGEST_NORM = 0.01, 1.0


@dataclass(frozen=True)
class Job:
    """What a recipe trains, and how.

    `modules` by the name under which the state holds them; `loss(stage, step, rng)` is the scalar
    loss of one step (from 0); `measure(stage)` gives the figures that the log gets at a stage's
    end; `rate(step, steps)` is the learning rate.  `steps` maps the stages, in order, to their
    numbers of steps, and `identity` is what a state must agree with to be taken up.
    """

    modules: "Mapping[str, nn.Module]"
    loss: "Callable[[str, int, Random], Tensor]"
    measure: Callable[[str], dict[str, float]]
    rate: Callable[[int, int], float]
    steps: Mapping[str, int]
    identity: Mapping[str, Any]
    seed: int


@dataclass
class Run:
    """A training under way: where it stands and what it has written."""

    job: Job
    out: Path
    stage: int = 0
    step: int = 0
    seconds: float = 0.0
    losses: list[float] = field(default_factory=list)
    log: list[dict[str, Any]] = field(default_factory=list)
    optimizer: "torch.optim.Optimizer | None" = None
    started: float = field(default_factory=time.monotonic)

    def elapsed(self) -> float:
        """Seconds of all sittings."""
        return self.seconds + time.monotonic() - self.started

    def parameters(self) -> list["torch.nn.Parameter"]:
        """What the optimizer changes."""
        return [p for module in self.job.modules.values() for p in module.parameters()]


def step_random(seed: int, stage: int, step: int) -> Random:
    """The random numbers of one step of one stage."""
    return Random((seed * 10 + stage) * 1_000_000 + step)


def check_place(out: Path, save_every: int) -> None:
    """Refuse a folder with files of anything but a run under way, and a step count below 1."""
    if save_every < 1:
        raise InputError(f"save_every is {save_every!r}; give at least 1 step.")
    if out.is_dir() and any(out.iterdir()) and not (out / STATE_FILE).exists():
        raise InputError(f"{out} holds files already: choose another folder, or empty it first.")


def scaled_steps(steps: Mapping[str, int], scale: float) -> dict[str, int]:
    """The steps of each stage times `scale`, at least 1."""
    if not scale > 0:
        raise InputError(f"steps_scale is {scale!r}; give a number above 0.")
    return {stage: max(1, round(scale * number)) for stage, number in steps.items()}


def train(job: Job, out: Path, *, resume: bool, save_every: int, report: Report | None) -> Run:
    """Go through all stages, from the state in `out` where there is one and `resume`.

    The state stays in `out` until `finish`, written whole or not at all every `save_every` steps.

    Raises:
        InputError: `out` holds the state of a run with another identity.
        SourceError: `out` cannot be written or its state file is damaged.
    """
    run = Run(job, out)
    _new_optimizer(run)
    if resume:
        _load(run)
    _save(run)  # a folder that cannot be written should be known now, not after 200 steps
    stages = list(job.steps)
    while run.stage < len(stages):
        stage = stages[run.stage]
        _train_stage(run, stage, report, save_every)
        _log(run, stage, {key: round(value, 6) for key, value in job.measure(stage).items()})
        run.stage, run.step, run.losses = run.stage + 1, 0, []
        _new_optimizer(run)
        _save(run)
    return run


def _new_optimizer(run: Run) -> None:
    import torch

    run.optimizer = torch.optim.AdamW(
        run.parameters(), lr=0.0, weight_decay=_WEIGHT_DECAY, fused=True
    )


def _train_stage(run: Run, stage: str, report: Report | None, save_every: int) -> None:
    import torch

    job, parameters, total = run.job, run.parameters(), run.job.steps[stage]
    for module in job.modules.values():
        module.train()
    while run.step < total:
        learning_rate = job.rate(run.step, total)
        for group in run.optimizer.param_groups:
            group["lr"] = learning_rate
        loss = job.loss(stage, run.step, step_random(job.seed, run.stage, run.step))
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


def _log(run: Run, stage: str, figures: dict[str, float]) -> None:
    row = {"step": run.step, "stage": stage, **figures, "seconds": round(run.elapsed(), 1)}
    run.log.append(row)


def _write_log(run: Run) -> None:
    write_text(run.out / "log.jsonl", "".join(f"{json.dumps(row)}\n" for row in run.log))


def _save(run: Run) -> None:
    import torch

    state = {
        "identity": dict(run.job.identity),
        "stage": run.stage,
        "step": run.step,
        "seconds": run.elapsed(),
        "losses": run.losses,
        "log": run.log,
        **{name: module.state_dict() for name, module in run.job.modules.items()},
        "optimizer": run.optimizer.state_dict(),
    }
    with replacing(run.out / STATE_FILE) as temporary, disk_errors():
        torch.save(state, temporary)
    _write_log(run)


def _load(run: Run) -> None:
    import torch

    path = run.out / STATE_FILE
    if not path.exists():
        return
    try:
        state = torch.load(path, weights_only=True)
        identity = state["identity"]
    except Exception as error:
        raise SourceError(
            f"cannot read {path}: {error}. Delete it or start anew with resume=False."
        ) from error
    if identity != run.job.identity:
        raise InputError(
            f"{path} belongs to another run ({identity}, not {run.job.identity}). Delete it, "
            "choose another folder or start anew with resume=False."
        )
    for name, module in run.job.modules.items():
        module.load_state_dict(state[name])
    run.optimizer.load_state_dict(state["optimizer"])
    run.stage, run.step, run.seconds = state["stage"], state["step"], state["seconds"]
    run.losses, run.log = state["losses"], state["log"]


def finish(
    run: Run, model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerFast", card: str
) -> None:
    """Write the checkpoint, the log and the model card, and take the state away."""
    _save_checkpoint(model, tokenizer, run.out)
    _write_log(run)
    write_text(run.out / "README.md", card)
    (run.out / STATE_FILE).unlink(missing_ok=True)


def _save_checkpoint(
    model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerFast", out: Path
) -> None:
    """`save_pretrained` beside `out`, then move each file, so that none is there in part."""
    from transformers.utils import logging

    bar = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        with disk_errors(), tempfile.TemporaryDirectory(dir=out) as folder:
            model.eval()
            model.save_pretrained(folder)
            tokenizer.save_pretrained(folder)
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
