"""The model card of a mini model, written from the figures of its run."""

from typing import Any, Final

_ORIGINALS: Final = {
    "roberta": ("RobertaForSequenceClassification", "RoBERTa", "4 blocks"),
    "gpt2": ("GPT2ForSequenceClassification", "GPT-2", "4 blocks"),
    "bart": ("BartForSequenceClassification", "BART", "3 encoder and 3 decoder blocks"),
}
_STAGE_TEXT: Final = {
    "copying": "hidden words of one sentence are read off its paraphrase; measured: share of "
    "hidden slot words that come out right",
    "detection": "for each slot, does it differ from the other sentence? (after Clark et "
    "al. 2020, ELECTRA); measured: mean of the shares of changed and unchanged slots found",
    "classification": "paraphrase or not, classes in equal parts, from many differing slots to "
    "one; measured: share of pairs",
}


def _percent(right: int, total: int) -> str:
    return f"{100 * right / total:.1f} % ({right} of {total})" if total else "no pairs"


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def model_card(figures: dict[str, Any]) -> str:
    """The card (Markdown) for the figures that `train_mini` returns."""
    kind, original, blocks = _ORIGINALS[figures["name"]]
    stages = [
        (stage, str(steps), f"{100 * figures['stage_accuracy'][stage]:.1f} %", _STAGE_TEXT[stage])
        for stage, steps in figures["steps"].items()
    ]
    differences = [
        ("none (paraphrases)" if n == "0" else n, _percent(*cell))
        for n, cell in figures["by_differences"].items()
    ]
    kinds = [
        (kind_name, _percent(*cell), _percent(*figures["only_kind"][kind_name]))
        for kind_name, cell in figures["by_kind"].items()
    ]
    return f"""# mini {figures["name"]}

A `{kind}` of {figures["parameters"]:,} parameters ({blocks}, width 128, 4 heads, fp32), trained
from nothing on the generated sentence pairs of `labkit.mini`. It decides whether two sentences say
the same, in the format of MRPC (1 = equivalent).

Validation accuracy: {_percent(figures["right"], figures["pairs"])}

## Recipe

`labkit.mini.recipe.train_mini("{figures["name"]}", out, seed={figures["seed"]})`: batches of
{figures["batch"]}, AdamW, one cycle of the rate with a peak of 0.001 in each stage, no dropout.
It took {figures["minutes"]} minutes with {figures["threads"]} thread(s). `log.jsonl` has the
course of the losses.

{table(("stage", "steps", "on validation", "task"), stages)}

## Accuracy by number of differing slots

{table(("differing slots", "accuracy"), differences)}

## Accuracy by kind of difference

A pair with several kinds counts under each of them.

{table(("kind", "all pairs with it", "pairs with no other"), kinds)}

## Limits

This is a small model trained on generated sentences of one grammar; its figures say nothing about
the real {original}, and it knows no other English. Training draws pairs without end from the
grammar of the test data, so these figures measure how well the rules were learnt, not how well
they carry over to other text. The names in the sentences are invented.
"""
