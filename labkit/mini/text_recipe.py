"""Rebuild a mini language model from nothing: one stage, resumable, as `recipe` does classifiers.

Training draws documents without end; none opens with the first sentence of a shipped validation
or test document.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

from labkit.mini.models import build_language_model
from labkit.mini.stages import rate
from labkit.mini.text_batches import draw_batch
from labkit.mini.text_card import text_card
from labkit.mini.text_evaluation import held_out_loss, perplexity, token_losses
from labkit.mini.texts import draw_training_document, generate_texts
from labkit.mini.tokenizers import MAX_LENGTH, build_tokenizer
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
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

Ids = Sequence[Sequence[int]]
Baselines = Callable[[Ids, Ids, int, int], dict[str, float]]
"""(training documents, validation documents, vocabulary, id before each) → perplexity by model."""

SEED: Final = 11
BATCH: Final = 16  # windows
STAGES: Final[dict[str, str]] = {"gpt2": "causal", "roberta": "masked", "bart": "denoising"}
STEPS: Final[dict[str, int]] = {"roberta": 2100, "gpt2": 1500, "bart": 1500}
PEAK_RATE: Final[dict[str, float]] = {"roberta": 1.0, "gpt2": 2.0, "bart": 2.0}
"""Highest learning rate, in that of the classifiers (0.001)."""
_BASELINE_SEED: Final = 12


def train_text(
    name: str,
    out: Path | str,
    *,
    seed: int = SEED,
    steps_scale: float = 1.0,
    report: Report | None = None,
    resume: bool = True,
    save_every: int = SAVE_EVERY,
    baselines: Baselines | None = None,
) -> dict[str, Any]:
    """Train the language model `name` (roberta, gpt2 or bart) and write its checkpoint to `out`.

    Files, state and arguments are those of `recipe.train_mini`.  `baselines` (GPT-2 alone) gives
    the perplexities of simpler models for the card, from as many training tokens as GPT-2 saw.

    Returns the figures of the card: `name`, `kind`, `seed`, `steps`, `batch`, `minutes`,
    `threads`, `parameters`, `vocabulary`, `trained_tokens`, `loss` (nats per token on validation),
    `perplexity`, `tokens` (that were asked about), `peak_rate` and `baselines`.

    Raises:
        InputError: unknown name, `steps_scale` or `save_every` not positive, or `out` holds the
            state of a run with other arguments.
        SourceError: `out` cannot be written or its state file is damaged.
    """
    stage = STAGES[check_name(name)]
    steps = scaled_steps({stage: STEPS[name]}, steps_scale)
    out = Path(out)
    check_place(out, save_every)
    tokenizer = build_tokenizer(name, "text")
    model = build_language_model(name, tokenizer, seed)
    validation = generate_texts()["validation"]

    def loss(stage: str, step: int, rng: Random) -> "Tensor":
        batch = draw_batch(name, tokenizer, BATCH, rng, step / steps[stage])
        return token_losses(name, model, batch).mean()

    def measure(stage: str) -> dict[str, float]:
        nats, tokens = held_out_loss(name, model, tokenizer, validation)
        return {"validation_loss": nats, "validation_tokens": tokens}

    job = Job(
        modules={"model": model},
        loss=loss,
        measure=measure,
        rate=lambda step, total: PEAK_RATE[name] * rate(step, total),
        steps=steps,
        identity={"name": name, "task": "text", "seed": seed, "steps": steps},
        seed=seed,
    )
    run = train(job, out, resume=resume, save_every=save_every, report=report)
    figures = _figures(name, run, model, tokenizer)
    if baselines is not None and name == "gpt2":
        figures["baselines"] = _baselines(baselines, tokenizer, figures["trained_tokens"])
    finish(run, model, tokenizer, text_card(figures))
    return figures


def _figures(
    name: str, run: Run, model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerFast"
) -> dict[str, Any]:
    import torch

    (stage, steps), last = next(iter(run.job.steps.items())), run.log[-1]
    return {
        "name": name,
        "kind": stage,
        "seed": run.job.seed,
        "steps": steps,
        "batch": BATCH,
        "peak_rate": 0.001 * PEAK_RATE[name],
        "minutes": round(run.elapsed() / 60, 1),
        "threads": torch.get_num_threads(),
        "parameters": sum(p.numel() for p in model.parameters()),
        "vocabulary": len(tokenizer),
        "trained_tokens": steps * BATCH * MAX_LENGTH,
        "loss": last["validation_loss"],
        "perplexity": perplexity(last["validation_loss"]),
        "tokens": int(last["validation_tokens"]),
        "baselines": {},
    }


def _baselines(
    baselines: Baselines, tokenizer: "PreTrainedTokenizerFast", tokens: int
) -> dict[str, float]:
    """Perplexities of simpler models, of at least `tokens` tokens of fresh training documents."""
    rng, rows, count = Random(_BASELINE_SEED), [], 0
    while count < tokens:
        texts = [draw_training_document(rng) for _ in range(200)]
        new = tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"]
        rows += new
        count += sum(map(len, new))
    validation = tokenizer(
        list(generate_texts()["validation"]), add_special_tokens=False, verbose=False
    )
    return baselines(rows, validation["input_ids"], len(tokenizer), tokenizer.eos_token_id)
