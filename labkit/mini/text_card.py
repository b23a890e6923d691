"""The model card of a mini language model, written from the figures of its run."""

from textwrap import fill
from typing import Any, Final

from labkit.mini.card import table

_ORIGINALS: Final = {
    "roberta": ("RobertaForMaskedLM", "RoBERTa", "4 blocks"),
    "gpt2": ("GPT2LMHeadModel", "GPT-2", "4 blocks"),
    "bart": ("BartForConditionalGeneration", "BART", "3 encoder and 3 decoder blocks"),
}
_TASKS: Final = {
    "causal": "It predicts the next token. Validation: every token of the documents once, in "
    "windows of 128 positions that move on by 64, with `<|endoftext|>` in front of each document",
    "masked": "It predicts hidden tokens (15 % of a window: 80 % of them masks, 10 % random, 10 % "
    "unchanged). Validation: hidden tokens among the first 126 of each document",
    "denoising": "It writes the text that a damaged one was (30 % of the tokens in spans of "
    "Poisson(3) tokens, each replaced by one mask). Validation: all tokens of the first 126 of "
    "each document, and its ends, given the damaged ones",
}
_SHORTER: Final = {
    "roberta": " at most; to begin with more and shorter ones, of 30 tokens, and of 126 from three "
    "fifths on"
}


def text_card(figures: dict[str, Any]) -> str:
    """The card (Markdown) for the figures that `train_text` returns."""
    name, threads = figures["name"], figures["threads"]
    kind, original, blocks = _ORIGINALS[name]
    parts = [
        f"# mini {name} for text",
        f"A `{kind}` of {figures['parameters']:,} parameters ({blocks}, width 128, 4 heads, 128 "
        f"positions, a vocabulary of {figures['vocabulary']:,}, fp32), trained from nothing on the "
        "generated documents of `labkit.mini`.",
        f"{_TASKS[figures['kind']]}: {figures['tokens']:,} tokens.",
        f"Validation loss: {figures['loss']:.4f} nats per token (perplexity "
        f"{figures['perplexity']:.2f})",
        *_comparison(figures),
        "## Recipe",
        f"`labkit train-mini {name} --task text --seed {figures['seed']}`: {figures['steps']:,} "
        f"steps of {figures['batch']} windows of 128 positions ({figures['trained_tokens']:,} in "
        f"all{_SHORTER.get(name, '')}), AdamW, one cycle of the rate with a peak of "
        f"{figures['peak_rate']}, no dropout, no document seen "
        f"twice. It took {figures['minutes']} minutes with {threads} thread(s). `log.jsonl` has "
        "the course of the losses.",
        "## Limits",
        "This is a small model trained on generated text of one grammar; its figures say nothing "
        f"about the real {original}, and it knows no other English. Training draws documents "
        "without end from the grammar of the validation text, so the loss measures how well its "
        "rules were learnt, not how well they carry over to other text. The names in it are "
        "invented.",
    ]
    return "\n\n".join(part if part[0] in "#|" else fill(part, 100) for part in parts) + "\n"


def _comparison(figures: dict[str, Any]) -> list[str]:
    if not figures["baselines"]:
        return []
    rows = [(name, f"{value:.2f}") for name, value in figures["baselines"].items()]
    rows.append(("this model", f"{figures['perplexity']:.2f}"))
    return [
        "## Beside simpler models",
        "On the same validation tokens, each document on its own with `<|endoftext|>` before it. "
        "The others are interpolated Kneser-Ney models (Chen and Goodman 1999), counted on at "
        f"least {figures['trained_tokens']:,} tokens of other training documents, as many as this "
        "model saw.",
        table(("model", "perplexity"), rows),
    ]
