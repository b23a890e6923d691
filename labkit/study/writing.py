"""What language models write at each level of a study, always from the same beginnings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from labkit.evaluation.batches import positions
from labkit.evaluation.text.sampling import Sample, grammatical_share, repetition, sample_text
from labkit.models.language import CAUSAL

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

PROMPTS: Final = 5
TOKENS: Final = 48
_OPENING: Final = 4  # words of a document that a causal model goes on from
_SHOWN, _HIDDEN = 30, slice(8, 14)  # words that a denoising model reads, and those masked for it
_GRAM = 4
_FRAME = 4  # special tokens around a prompt, at most
WAYS: Final[dict[str, float]] = {"greedy": 0.0, "drawn": 1.0}
"""Ways to write, with their temperatures."""


@dataclass(frozen=True)
class Written:
    """Samples for each of `WAYS`; none of a masked model."""

    samples: Mapping[str, Sequence[Sample]]

    @property
    def rows(self) -> list[dict]:
        """One row per sample: `way`, `prompt`, `text`, `whole`, `tokens` and `repetition`."""
        return [
            {
                "way": way,
                "prompt": sample.prompt,
                "text": sample.text,
                "whole": sample.whole,
                "tokens": len(sample.ids),
                "repetition": repetition([sample.ids], _GRAM),
            }
            for way, samples in self.samples.items()
            for sample in samples
        ]

    def row(self, judged: bool) -> dict[str, float]:
        """Shares of each way to write, NaN where nothing was written or it is not `judged`.

        `repetition_greedy`, `repetition_drawn`: of 4-grams that stood in the same text before.
        `grammatical_greedy`, `grammatical_drawn`: of whole sentences of the mini text's grammar.
        `written_greedy`, `written_drawn`: tokens that were written, all samples together.
        """
        found = {}
        for way in WAYS:
            samples = self.samples.get(way, ())
            texts = [sample.whole for sample in samples] if judged else []
            ids = [sample.ids for sample in samples]
            long = any(len(row) >= _GRAM for row in ids)
            found[f"repetition_{way}"] = repetition(ids, _GRAM) if long else float("nan")
            found[f"grammatical_{way}"] = grammatical_share(texts)
            found[f"written_{way}"] = sum(map(len, ids))
        return found


def written(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    texts: Sequence[str],
    kind: str,
    seed: int,
) -> Written:
    """Let a causal or denoising model write from `PROMPTS` of the texts, each way of `WAYS`.

    It writes `TOKENS` tokens at most, fewer where it has no room for them behind the prompts.
    """
    prompts = beginnings(texts, kind, tokenizer.mask_token)
    longest = max(len(tokenizer(prompt)["input_ids"]) for prompt in prompts)
    tokens = int(min(TOKENS, positions(model) - longest - _FRAME))
    if tokens < 1:
        return Written({})
    return Written(
        {
            way: sample_text(
                model, tokenizer, prompts, tokens=tokens, seed=seed, temperature=temperature
            )
            for way, temperature in WAYS.items()
        }
    )


def beginnings(texts: Sequence[str], kind: str, mask: str | None) -> list[str]:
    """Prompts from texts that stand evenly apart.

    For a causal model a text's first four words; for a denoising one its first 30, of which six
    have given way to one mask.
    """
    step = max(1, len(texts) // PROMPTS)
    prompts = []
    for text in texts[::step][:PROMPTS]:
        words = text.split()
        if kind == CAUSAL:
            prompts.append(" ".join(words[:_OPENING]))
        else:
            words = words[:_SHOWN]
            words[_HIDDEN] = [mask or ""]
            prompts.append(" ".join(words))
    return prompts
