"""Fine-tune a pretrained model on sentence pairs with the `Trainer` of transformers."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labkit.errors import InputError
from labkit.models import sources
from labkit.training import run_folder
from labkit.training.result import EpochScores, FinetuneResult, TrainingStep

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict
    from transformers import (
        EvalPrediction,
        PreTrainedModel,
        PreTrainedTokenizerBase,
        Trainer,
        TrainerCallback,
    )

    from labkit.models.load import Head

WARMUP, WEIGHT_DECAY = 0.06, 0.01
"""Share of the steps over which the learning rate rises (RoBERTa's for GLUE), AdamW's decay."""

LOG_EVERY = 10  # steps

RECIPE = {
    "optimiser": f"AdamW in fp32, weight decay {WEIGHT_DECAY:g}",
    "schedule": f"rising over {100 * WARMUP:.0f} % of the steps, then linearly to 0",
}
"""What the model card says beside the settings."""


def finetune(
    name: str,
    source: str | Path = "hub",
    data: str | Path = "hub",
    out: Path | str | None = None,
    *,
    epochs: int = 3,
    batch_size: int = 16,
    learning_rate: float = 2e-5,
    seed: int = 0,
    max_length: int = 128,
    head: Head = "auto",
    resume: bool = True,
    force: bool = False,
    report: Callable[[TrainingStep], None] | None = None,
) -> FinetuneResult:
    """Train `name` to tell paraphrases and save the checkpoint, whole or not at all.

    AdamW in fp32 (the precision that is pruned and measured later), linear decay after a warm-up
    over 6 % of the steps, padding to the longest pair of a batch.  A GPU is used where torch finds
    one, several under `accelerate launch`.  The checkpoint is that of the last epoch: choosing
    the best one by its validation scores would flatter the dense model on the very split that
    studies report.

    After each epoch the state goes to `.NAME.partial` beside `out`; a later call with the same
    arguments goes on from there and ends at the weights of an uninterrupted run.

    Args:
        name: "roberta", "gpt2" or "bart"; any label where `source` is a path and `out` is given.
        source: as for `load_model`: "hub", "mini" or a checkpoint folder.
        data: as for `load_mrpc`: "hub", "mini" or a path; needs train and validation (or test).
        out: folder of the checkpoint; default, for source and data "hub": where
            `load_model(name, "hub", head="trained")` looks.
        epochs: passes over the training split.
        batch_size: pairs per step and device.
        learning_rate: the highest one.
        seed: of a fresh head, of the order of the rows and of dropout.
        max_length: tokens to which a pair is cut, at most what the model takes.
        head: as for `load_model`; "fresh" also trains a checkpoint made for other classes.
        resume: take up an interrupted run; False discards it.
        force: replace a checkpoint that an earlier call left in `out`.
        report: called after every step.

    Raises:
        InputError: a bad argument, `out` holds something, the data has no train split, the
            training diverged, or the interrupted run had other arguments, data or weights.
        SourceError: model or data cannot be loaded, or `out` cannot be written.
    """
    from labkit.evaluation.mrpc import load_mrpc, remarks
    from labkit.models.load import load_model, quiet

    out = _default_out(name, str(source), str(data)) if out is None else Path(out).expanduser()
    settings = {
        "name": name,
        "source": str(source),
        "data": str(data),
        "epochs": _positive("epochs", epochs),
        "batch_size": _positive("batch_size", batch_size),
        "learning_rate": _positive("learning_rate", learning_rate),
        "seed": _seed(seed),
        "max_length": _positive("max_length", max_length),
        "head": head,
    }
    run_folder.check_free(out, force)
    partial = run_folder.open_partial(out, settings, resume)
    started = time.monotonic()
    pairs = load_mrpc(data)
    if "train" not in pairs:
        raise InputError(f"{data} has no train split, only {', '.join(pairs)}: nothing to learn")
    model, tokenizer, _ = load_model(name, source, head=head, seed=seed)
    run_folder.check_inputs(partial, {"pairs": _rows_hash(pairs), "model": _weights_hash(model)})
    with quiet():
        trainer = _trainer(model, tokenizer, pairs, settings, partial, report)
        checkpoint = run_folder.last_checkpoint(partial)
        with run_folder.kept(partial):
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    scores = _scores(trainer.state.log_history)
    if not scores or not all(s.loss < float("inf") for s in scores):
        raise InputError(
            f"the training diverged (validation loss {[s.loss for s in scores]}): start anew with "
            f"a learning rate below {learning_rate:g} (--no-resume)"
        )
    result = FinetuneResult(
        name=name,
        path=out,
        epochs=scores,
        steps=trainer.state.global_step,
        resumed_from=int(checkpoint.name.rpartition("-")[2]) if checkpoint else 0,
        seconds=time.monotonic() - started,
        device=str(trainer.args.device.type),
        remarks=remarks(pairs),
    )
    if trainer.is_world_process_zero():
        recipe = {"training pairs": f"{len(pairs['train']):,}", **RECIPE}
        card = run_folder.card(result, settings, recipe, len(trainer.eval_dataset))
        with quiet():
            run_folder.save(trainer, tokenizer, partial, out, card)
    trainer.accelerator.wait_for_everyone()
    return result


def _rows_hash(pairs: DatasetDict) -> str:
    """SHA-256 of the rows of all splits."""
    rows = {split: part.to_dict() for split, part in pairs.items()}
    return hashlib.sha256(json.dumps(rows, sort_keys=True, default=str).encode()).hexdigest()


def _weights_hash(model: PreTrainedModel) -> str:
    """SHA-256 of the weights before the first step."""
    import torch

    digest = hashlib.sha256()
    for name, tensor in model.state_dict().items():
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\0".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
    return digest.hexdigest()


def _default_out(name: str, source: str, data: str) -> Path:
    """The slot of the published model: nothing else may be passed off as that one."""
    if (source, data) != ("hub", "hub"):
        raise InputError(
            f"name a folder for the checkpoint (--out): {name} from {source}, trained on {data}, "
            "is not the published model on MRPC, whose place is the default"
        )
    return sources.finetuned_checkpoint(name)


def _positive(name: str, value: float) -> float:
    if not value > 0:
        raise InputError(f"{name} is {value!r}; give a number above 0")
    return value


def _seed(seed: int) -> int:
    if not 0 <= seed < 2**32:  # those of numpy, which Trainer sets too
        raise InputError(f"seed is {seed}; give a number from 0 to {2**32 - 1}")
    return seed


def _trainer(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    pairs: DatasetDict,
    settings: dict[str, Any],
    partial: Path,
    report: Callable[[TrainingStep], None] | None,
) -> Trainer:
    import torch
    from transformers import DataCollatorWithPadding, PrinterCallback, Trainer, TrainingArguments

    from labkit.evaluation.classify import longest_input
    from labkit.evaluation.mrpc import LABELS, evaluation_split

    model.config.id2label = dict(enumerate(LABELS))
    model.config.label2id = {label: number for number, label in enumerate(LABELS)}
    length = min(settings["max_length"], longest_input(model, tokenizer))
    arguments = TrainingArguments(
        output_dir=str(partial),
        num_train_epochs=settings["epochs"],
        per_device_train_batch_size=settings["batch_size"],
        per_device_eval_batch_size=2 * settings["batch_size"],
        learning_rate=settings["learning_rate"],
        warmup_steps=WARMUP,
        weight_decay=WEIGHT_DECAY,
        seed=settings["seed"],
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=1,
        logging_steps=LOG_EVERY,
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=torch.cuda.is_available(),
    )
    trainer = Trainer(
        model=model,
        args=arguments,
        train_dataset=_encoded(tokenizer, pairs["train"], length),
        eval_dataset=_encoded(tokenizer, evaluation_split(pairs), length),
        data_collator=DataCollatorWithPadding(tokenizer),
        compute_metrics=_metrics,
        preprocess_logits_for_metrics=_logits_only,
    )
    trainer.remove_callback(PrinterCallback)  # a library does not print
    if report:
        trainer.add_callback(_reporting(report))
    return trainer


def _encoded(tokenizer: PreTrainedTokenizerBase, rows: Dataset, length: int) -> list[dict]:
    """The rows as the collator takes them, joined and cut as `evaluate_mrpc` does."""
    encoded = tokenizer(
        list(rows["sentence1"]), list(rows["sentence2"]), truncation=True, max_length=length
    )
    return [
        {**{key: values[i] for key, values in encoded.items()}, "labels": label}
        for i, label in enumerate(rows["label"])
    ]


def _logits_only(outputs: Any, labels: Any) -> Any:
    """Drop what BART and GPT-2 return beside the logits: it would be kept for every row."""
    return outputs[0] if isinstance(outputs, tuple) else outputs


def _metrics(prediction: EvalPrediction) -> dict[str, float]:
    from labkit.evaluation.metrics import accuracy, f1

    predicted, labels = prediction.predictions.argmax(axis=1), prediction.label_ids
    return {"accuracy": accuracy(labels, predicted), "f1": f1(labels, predicted)}


def _reporting(report: Callable[[TrainingStep], None]) -> TrainerCallback:
    from transformers import TrainerCallback

    class Reporting(TrainerCallback):
        """Hands the trainer's progress on to `report`, from one process only."""

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.is_world_process_zero:
                losses = [row["loss"] for row in state.log_history if "loss" in row]
                scores = _scores(state.log_history)
                report(
                    TrainingStep(
                        step=state.global_step,
                        steps=state.max_steps,
                        loss=losses[-1] if losses else None,
                        scores=scores[-1] if scores else None,
                    )
                )

    return Reporting()


def _scores(log: list[dict[str, float]]) -> tuple[EpochScores, ...]:
    return tuple(
        EpochScores(
            epoch=round(row["epoch"]),
            loss=row["eval_loss"],
            accuracy=row["eval_accuracy"],
            f1=row["eval_f1"],
        )
        for row in log
        if "eval_loss" in row
    )
