"""The experiments of chapter 6, on the mini language models, each computed once and then read.

`curves` evaluates a model at each sparsity, `samples` lets it write, `tempered` asks what is left
once a broken model is made less sure of itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labkit.book import draft
from labkit.book.draft import at_most
from labkit.book.explorer import LEVELS
from labkit.book.trials import kept
from labkit.errors import SourceError
from labkit.evaluation.text.compare import compare_texts
from labkit.evaluation.text.corpus import load_text
from labkit.evaluation.text.evaluate import evaluate_text
from labkit.evaluation.text.ngrams import perplexities
from labkit.evaluation.text.sampling import grammatical_share, repetition, sample_text
from labkit.models import sources
from labkit.models.language import MASKED
from labkit.models.load import load_model
from labkit.pruning.prune import sweep

if TYPE_CHECKING:
    import pandas as pd
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

DOCUMENTS = 20
"""Documents that are scored, the first of the validation split: as many as the bootstrap draws."""

AT_ONCE = 21
"""Tokens of a window that a masked model fills in at once: one at a time takes too long here."""

OPENING = "The drugmaker Xandril"
"""What a model is asked to go on from."""

TOKENS, DRAWS = 60, 4
"""Tokens that are written, and texts that are drawn at each level."""


def there(names: Sequence[str] = sources.MODEL_NAMES) -> list[str]:
    """Those of the mini language models that ship with this installation."""
    found = []
    for name in names:
        try:
            sources.mini_checkpoint(name, "text")
        except SourceError:
            continue
        found.append(name)
    return found


def curves(name: str, levels: Sequence[float] = LEVELS, *, out: Path | None = None) -> pd.DataFrame:
    """What the mini language model `name` pays for the text at each sparsity.

    Returns:
        One row per level: name, model (a title), level, the columns of `TextEvaluation.row` but for
        the run's speed, and beside the first level, on the same documents, `rise` (of the loss, in
        nats per token), `rise_low`, `rise_high`, `higher` (documents that cost more) and `p_value`.
    """

    def compute() -> list[dict]:
        model, tokenizer, spec = load_model(name, task="text")
        texts, found, first = load_text(limit=at_most(DOCUMENTS, draft.DOCUMENTS)), [], None
        at_once = AT_ONCE if spec.kind == MASKED else 1
        for pruning in sweep(model, levels):
            result = evaluate_text(model, tokenizer, texts, at_once=at_once)
            first = first or result
            paired = compare_texts(first, result)
            row = result.row()
            del row["tokens_per_second"]
            found.append(
                {"name": name, "model": spec.title, "level": pruning.requested}
                | row
                | {
                    "rise": paired.loss_difference,
                    "rise_low": paired.loss_interval.low,
                    "rise_high": paired.loss_interval.high,
                    "higher": paired.higher,
                    "p_value": paired.p_value,
                }
            )
        return found

    return kept("text-curves", [name, list(levels), DOCUMENTS, AT_ONCE], compute, out, task="text")


def samples(
    name: str, levels: Sequence[float] = LEVELS, *, out: Path | None = None
) -> pd.DataFrame:
    """What the mini language model `name`, which has to write, writes at each sparsity.

    Returns:
        One row per level: level, `greedy` (what follows `OPENING` by the likeliest token), and of
        it and of `DRAWS` texts that are drawn, the shares of repeated 4-grams and of grammatical
        sentences: `greedy_repeated`, `greedy_grammatical`, `drawn_repeated`, `drawn_grammatical`.
    """

    def compute() -> list[dict]:
        model, tokenizer, _ = load_model(name, task="text")
        found, tokens = [], at_most(TOKENS, draft.TOKENS)
        openings = [OPENING] * at_most(DRAWS, draft.DRAWS)
        for pruning in sweep(model, levels):
            greedy = sample_text(model, tokenizer, [OPENING], tokens=tokens)
            drawn = sample_text(model, tokenizer, openings, tokens=tokens, temperature=1.0)
            row: dict[str, Any] = {"level": pruning.requested, "greedy": greedy[0].text}
            for way, written in (("greedy", greedy), ("drawn", drawn)):
                row[f"{way}_repeated"] = repetition([sample.ids for sample in written])
                texts = [sample.prompt + sample.text for sample in written]
                row[f"{way}_grammatical"] = grammatical_share(texts)
            found.append(row)
        return found

    return kept(
        "text-samples", [name, list(levels), OPENING, TOKENS, DRAWS], compute, out, task="text"
    )


def tempered(
    name: str, level: float, divisors: Sequence[float], *, out: Path | None = None
) -> pd.DataFrame:
    """The loss of a causal mini model at one sparsity, with its logits divided by each number.

    On the first window of each document; the order of the words stays as it is.

    Returns:
        One row per divisor: divisor, loss (nats per token), confidence (the mean of the largest
        probability) and right (share of the tokens that the model holds the likeliest).
    """

    def compute() -> list[dict]:
        model, tokenizer, _ = load_model(name, task="text")
        for _ in sweep(model, (level,)):
            logits, targets = _first_windows(model, tokenizer)
        right = float((logits.argmax(-1) == targets).double().mean())
        found = []
        for divisor in divisors:
            chances = (logits / divisor).log_softmax(-1)
            found.append(
                {
                    "divisor": divisor,
                    "loss": float(-chances.gather(-1, targets[:, None]).double().mean()),
                    "confidence": float(chances.max(-1).values.exp().double().mean()),
                    "right": right,
                }
            )
        return found

    return kept(
        "text-tempered", [name, level, list(divisors), DOCUMENTS], compute, out, task="text"
    )


def simpler(name: str, *, out: Path | None = None) -> pd.DataFrame:
    """Perplexity of n-gram models on the documents, in the tokens of the mini model `name`.

    Interpolated Kneser-Ney, counted on the training split that ships with the course.

    Returns:
        One row per model: model ("unigram", "bigram", "trigram"), perplexity.
    """

    def compute() -> list[dict]:
        model, tokenizer, _ = load_model(name, task="text")
        split = {
            part: [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
            for part, texts in (
                ("train", load_text(split="train")),
                ("validation", load_text(limit=at_most(DOCUMENTS, draft.DOCUMENTS))),
            )
        }
        found = perplexities(
            split["train"], split["validation"], model.config.vocab_size, tokenizer.eos_token_id
        )
        return [{"model": title, "perplexity": value} for title, value in found.items()]

    return kept("text-simpler", [name, DOCUMENTS], compute, out, task="text")


def _first_windows(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> tuple[Any, Any]:
    """Logits (tokens, vocabulary) and targets (tokens,) of the first window of each document."""
    import torch

    logits, targets = [], []
    with torch.inference_mode():
        for text in load_text(limit=at_most(DOCUMENTS, draft.DOCUMENTS)):
            ids = tokenizer(text, return_tensors="pt", truncation=True, max_length=128).input_ids
            logits.append(model(input_ids=ids).logits[0, :-1].float())
            targets.append(ids[0, 1:])
    return torch.cat(logits), torch.cat(targets)
