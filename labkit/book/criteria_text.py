"""The experiment of chapter 7 on the mini language model: criteria, and what calibrates them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from labkit.book import draft
from labkit.book.criteria import CRITERIA, Trial, prune_as
from labkit.book.draft import at_most
from labkit.book.trials import kept
from labkit.evaluation.text.corpus import load_text
from labkit.evaluation.text.evaluate import evaluate_text
from labkit.models.load import load_model
from labkit.pruning.calibrated.sequences import draw_sequences
from labkit.pruning.prune import sparsity_of

if TYPE_CHECKING:
    import pandas as pd
    import torch

DOCUMENTS = 20
"""Validation documents that are scored, the first ones."""

LENGTH, SEQUENCES = 64, 32
"""Tokens of a calibration sequence, and how many there are unless a trial says otherwise."""

GOALS = (0.3, 0.5, 0.6, 0.7, "2:4", "4:8")
AGAINST = [
    Trial(criterion, goal, "documents", SEQUENCES)
    for goal in GOALS
    for criterion in CRITERIA
    if criterion != CRITERIA[0] or not isinstance(goal, str)
]
"""Criterion against criterion."""

HALF = 0.5
CALIBRATED = [
    Trial(criterion, HALF, text, count)
    for criterion in CRITERIA[2:]
    for text, count in (
        ("documents", 1),
        ("documents", 8),
        ("documents", 128),
        ("other", SEQUENCES),
    )
]
"""More and less text, and text of another kind: Python's own help."""


def text_scores(name: str, trials: Sequence[Trial], *, out: Path | None = None) -> pd.DataFrame:
    """What the mini language model `name` pays after each trial, the dense model first.

    A trial's `text` is "documents" of the training split or "other", the help that Python ships.

    Returns:
        One row per trial, and one with criterion "dense": criterion, goal, text and sequences as
        text, sparsity (of all prunable weights), loss (nats per token), perplexity, bits_per_byte,
        each of the last three with `_low` and `_high`.
    """

    def compute() -> list[dict]:
        model, tokenizer, _ = load_model(name, task="text")
        held = load_text("mini", "validation", limit=at_most(DOCUMENTS, draft.DOCUMENTS))
        dense = {key: value.clone() for key, value in model.state_dict().items()}
        found, drawn = [], {}
        for trial in (Trial("dense", 0.0), *trials):
            model.load_state_dict(dense)
            sequences = None
            if trial.criterion in CRITERIA[2:]:  # drawn once: that takes longer than some criteria
                key = trial.text, trial.sequences
                if key not in drawn:
                    drawn[key] = _sequences(tokenizer, trial)
                sequences = drawn[key]
            prune_as(model, trial, sequences)
            result = evaluate_text(model, tokenizer, held)
            said = ("criterion", "goal", "text", "sequences")
            row: dict = {key: str(value) for key, value in asdict(trial).items() if key in said}
            row["sparsity"] = sparsity_of(model)[0]
            for metric in ("loss", "perplexity", "bits_per_byte"):
                interval = result.interval(metric)
                row |= {metric: getattr(result, metric)}
                row |= {f"{metric}_low": interval.low, f"{metric}_high": interval.high}
            found.append(row)
        return found

    arguments = [name, [asdict(trial) for trial in trials]]
    return kept("criteria-text", arguments, compute, out, task="text")


def decoder_rows(data: dict) -> pd.DataFrame:
    """The trials of the real decoder that `benchmarks/real_text.py` has kept, and their columns.

    Args:
        data: `book.benchmark("real_text")["data"]`.

    Returns:
        One row per trial: criterion, goal, text ("documents" of the kind that is measured, "other",
        or ""), sequences, all as text as in `text_scores`, and loss, perplexity, bits_per_byte with
        `_low` and `_high`, written (what it writes after `data["prompt"]`), repeated.
    """
    import pandas as pd

    rows = pd.DataFrame(data["rows"])
    rows["text"] = rows["text"].map({"topics": "documents", "mini": "other", "": ""})
    rows["goal"], rows["sequences"] = rows["goal"].astype(str), rows["sequences"].astype(str)
    return rows


def by_goal(rows: pd.DataFrame, value: str = "perplexity") -> pd.DataFrame:
    """A table of the criteria (columns) at each goal (rows), calibrated as trials are by default.

    Args:
        rows: of `text_scores` or `decoder_rows`.
        value: the column that fills it.

    Returns:
        Index the goals, "50 %" or "2:4"; NaN where there is no such trial.
    """
    import pandas as pd

    default = ((rows["text"] != "other") & (rows["sequences"] == str(SEQUENCES))) | (
        ~rows["criterion"].isin(CRITERIA[2:])
    )
    table = rows[default & (rows["criterion"] != "dense")]
    table = table.pivot(index="goal", columns="criterion", values=value)
    goals = sorted(table.index, key=lambda goal: (":" in goal, goal))
    table = table.reindex(index=goals, columns=list(CRITERIA))
    names = [goal if ":" in goal else f"{float(goal):.0%}".replace("%", " %") for goal in goals]
    return table.set_axis(pd.Index(names), axis=0).rename_axis(columns="zeros")


def by_calibration(rows: pd.DataFrame, value: str = "perplexity") -> pd.DataFrame:
    """A table of what calibrated (rows) at half of the weights, for Wanda and SparseGPT (columns).

    Arguments as for `by_goal`; NaN where there is no such trial.
    """
    half = rows[(rows["goal"] == str(HALF)) & rows["criterion"].isin(CRITERIA[2:])]
    table = half.pivot(index=["text", "sequences"], columns="criterion", values=value)
    order = sorted(table.index, key=lambda key: (key[0] == "other", int(key[1])))
    said = {"documents": "the right text", "other": "the wrong text"}
    names = [f"{count} of {said[text]}" for text, count in order]
    table = table.reindex(index=order, columns=list(CRITERIA[2:]))
    return table.set_axis(names, axis=0).rename_axis(columns="sequences")


def _sequences(tokenizer: object, trial: Trial) -> torch.Tensor:
    if trial.text == "other":
        from pydoc_data.topics import topics

        texts = [topics[name] for name in sorted(topics)]
    else:
        texts = load_text("mini", "train")
    count = at_most(trial.sequences, draft.SEQUENCES)
    return draw_sequences(texts, tokenizer, count=count, length=LENGTH)
