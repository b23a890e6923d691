"""Cells of language models: what a text costs them, and what they write.

A masked model needs a pass for each token (pseudo-perplexity), so that it is scored on the openings
of some documents alone; the row says on how much, and `remark` says it in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from labkit.evaluation.text.corpus import Texts
from labkit.evaluation.text.documents import encode_documents
from labkit.evaluation.text.evaluate import evaluate_text, text_room
from labkit.evaluation.text.scores import TextEvaluation
from labkit.models.language import MASKED
from labkit.study.cells import ModelRun, Steps
from labkit.study.settings import Settings
from labkit.study.writing import Written, written

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

MASKED_DOCUMENTS: Final = 20
"""Documents that a masked model is scored on where no limit is given."""

MASKED_TOKENS: Final = 96
"""Tokens of each of them, at most."""


class TextRun(ModelRun):
    """One language model of a study."""

    task: ClassVar[Literal["mrpc", "text"]] = "text"
    kind = TextEvaluation

    def __init__(
        self, settings: Settings, name: str, texts: Texts, cells: Path, steps: Steps
    ) -> None:
        super().__init__(settings, name, cells, steps)
        self.texts = texts
        self._scored: tuple[str, ...] | None = None

    @property
    def scored(self) -> tuple[str, ...]:
        """The texts that the model is scored on; all of them but for a masked model."""
        if self._scored is None:
            model, tokenizer, spec = self.loaded
            self._scored = tuple(self.texts)
            if spec.kind == MASKED:
                some = self.texts[: self.settings.limit or MASKED_DOCUMENTS]
                tokens = int(min(MASKED_TOKENS, text_room(model, tokenizer)))
                self._scored = openings(tokenizer, some, tokens)
        return self._scored

    def depends_on(self) -> list:
        """As `ModelRun.depends_on`: the texts, by which grammar they are judged, the context.

        And how many a masked model is scored on: without a limit that is not all of them.
        """
        masked = len(self.texts[: self.settings.limit or MASKED_DOCUMENTS])
        return [self.texts.source == "mini", list(self.texts), self.settings.context, masked]

    def measure(self) -> tuple[dict, TextEvaluation, list[dict]]:
        """As `ModelRun.measure`."""
        (model, tokenizer, spec), settings = self.loaded, self.settings
        found = evaluate_text(
            model, tokenizer, self.scored, context=settings.context, seed=settings.seed
        )
        samples = Written({})
        if spec.kind != MASKED:
            samples = written(model, tokenizer, self.texts, spec.kind, settings.seed)
        judged = self.texts.source == "mini"
        columns = {"scored_share": self._share()}
        return found.row() | columns | samples.row(judged), found, samples.rows

    def _share(self) -> float:
        """Share of the bytes of the texts that the model is scored on, 0 to 1."""
        whole, part = (sum(len(t.encode()) for t in some) for some in (self.texts, self.scored))
        return part / whole


def openings(
    tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], tokens: int
) -> tuple[str, ...]:
    """The first `tokens` tokens of each text, as text; a text without any stays as it is."""
    found = list(texts)
    for document in encode_documents(tokenizer, texts).documents:
        if len(document.ids) > tokens:
            raw = texts[document.number].encode()[: document.starts[tokens]]
            # A space before the next token would be a token of its own.
            found[document.number] = raw.decode(errors="ignore").rstrip()
    return tuple(found)


def remark(row: dict) -> str | None:
    """What has to be said of a row that does not stand for all the texts."""
    if row["kind"] != MASKED or row["scored_share"] >= 1:
        return None
    return (
        f"{row['model']} needs a pass for each token, and is scored on the first "
        f"{row['tokens'] // row['documents']} tokens or so of {row['documents']} documents "
        f"({row['scored_share']:.0%} of the text)"
    )
