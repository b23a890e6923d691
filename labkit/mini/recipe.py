"""Rebuild a mini model from nothing: three stages, resumable, the same weights for the same seed.

Same seed, same machine and same number of torch threads give the same bytes; another machine
rounds differently and gives a model of about the same accuracy.  The caller chooses the number of
threads (`torch.set_num_threads`).
"""

from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

from labkit.mini.card import model_card
from labkit.mini.corpus import generate_pairs
from labkit.mini.evaluation import accuracy_tables, predict, stage_accuracy
from labkit.mini.models import build_model
from labkit.mini.stages import BATCH, Learner, build_heads, draw_batch, rate, stage_loss
from labkit.mini.standins import token_groups
from labkit.mini.tokenizers import build_tokenizer
from labkit.mini.training import (
    SAVE_EVERY,
    Job,
    Report,
    Run,
    check_place,
    finish,
    scaled_steps,
    train,
)
from labkit.models.sources import check_name

if TYPE_CHECKING:
    from torch import Tensor

SEED: Final = 7
STEPS: Final[dict[str, dict[str, int]]] = {
    "roberta": {"copying": 2500, "detection": 2000, "classification": 1500},
    "gpt2": {"copying": 600, "detection": 900, "classification": 800},
    "bart": {"copying": 1400, "detection": 800, "classification": 800},
}


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
    steps = scaled_steps(STEPS[name], steps_scale)
    out = Path(out)
    check_place(out, save_every)
    learner = _learner(name, seed)
    validation = generate_pairs()["validation"]

    def loss(stage: str, step: int, rng: Random) -> "Tensor":
        batch = draw_batch(learner, stage, step / steps[stage], rng)
        return stage_loss(learner, stage, batch, rng)

    job = Job(
        modules={"model": learner.model, "heads": learner.heads},
        loss=loss,
        measure=lambda stage: {"validation_accuracy": stage_accuracy(learner, stage, validation)},
        rate=rate,
        steps=steps,
        identity={"name": name, "seed": seed, "steps": steps},
        seed=seed,
    )
    run = train(job, out, resume=resume, save_every=save_every, report=report)
    figures = _figures(run, learner)
    finish(run, learner.model, learner.tokenizer, model_card(figures))
    return figures


def _learner(name: str, seed: int) -> Learner:
    tokenizer = build_tokenizer(name)
    model = build_model(name, tokenizer, seed)
    # A mask alone tells RoBERTa too little of what to look for; the decoders of the others know
    # the word before it.
    groups = token_groups(tokenizer) if name == "roberta" else ()
    heads = build_heads(name, len(tokenizer), seed + 1)
    return Learner(name, tokenizer, model, heads, groups)


def _figures(run: Run, learner: Learner) -> dict[str, Any]:
    import torch

    pairs = generate_pairs()["validation"]
    predicted = predict(learner.name, learner.model, learner.tokenizer, pairs).tolist()
    right = sum(int(a == pair.label) for a, pair in zip(predicted, pairs, strict=True))
    return {
        "name": learner.name,
        "seed": run.job.seed,
        "steps": dict(run.job.steps),
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
