"""The three losses of a text: causal, masked (pseudo-perplexity) and denoising.

Each is a plan: rows that the model reads, and for each row the places of its output that are
scored.  Rows are made when they are needed, since pseudo-perplexity has one for each token.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import numpy as np

from labkit.evaluation.text.documents import Document
from labkit.evaluation.text.spans import draw_spans, with_masks
from labkit.evaluation.text.windows import Window, windows


@dataclass(frozen=True)
class Row:
    """One row of a batch: the `ids` that the model reads (and its decoder, where it has one).

    At the `places` of its output it is asked for the `targets`, for the window number `window`.
    """

    ids: list[int]
    places: list[int]
    targets: list[int]
    window: int
    decoder: list[int] | None = None


@dataclass(frozen=True, eq=False)
class Plan(ABC):
    """How documents are scored; `windows` are those of all documents, (document, window) each."""

    documents: list[Document]
    context: int
    stride: int
    windows: list[tuple[Document, Window]] = field(init=False)

    def __post_init__(self) -> None:
        found = [
            (document, window)
            for document in self.documents
            for window in windows(self.count(document), self.context, self.stride)
        ]
        object.__setattr__(self, "windows", found)

    def count(self, document: Document) -> int:
        """Tokens of the document that are scored."""
        return len(document.ids)

    def table(self) -> dict[str, np.ndarray]:
        """One entry per window, int64: document, tokens and bytes scored, tokens with context."""
        rows = [
            (
                document.number,
                window.stop - window.first,
                int(np.diff(document.starts[self.scored(document, window)])[0]),
                self.informed(window),
            )
            for document, window in self.windows
        ]
        table = np.array(rows, dtype=np.int64).reshape(-1, 4)
        return dict(zip(("document", "tokens", "bytes", "informed"), table.T, strict=True))

    def scored(self, document: Document, window: Window) -> list[int]:
        """First token of the document that the window scores, and the one after the last."""
        return [window.first, window.stop]

    def informed(self, window: Window) -> int:
        """Scored tokens of the window that have at least half a context of text to go by."""
        return window.stop - window.first if window.stop - window.start > self.context // 2 else 0

    @property
    @abstractmethod
    def added(self) -> list[int]:
        """The ids that rows hold beside those of documents."""

    @property
    @abstractmethod
    def lengths(self) -> np.ndarray:
        """Tokens of each row, int64 (rows,)."""

    @abstractmethod
    def row(self, number: int) -> Row:
        """The row `number`."""


@dataclass(frozen=True, eq=False)
class Causal(Plan):
    """Each token given those before it.

    Windows hold inputs, and the output of each is asked for the token after it.  With `start` (the
    id of a start or end-of-text token) that is the input before the first token; without it the
    first token of a document has nothing that it could be told from, and is not scored.
    """

    start: int | None = None

    def count(self, document: Document) -> int:
        """Tokens after the start token, or after the first."""
        return len(document.ids) - (self.start is None)

    def scored(self, document: Document, window: Window) -> list[int]:
        """As `Plan.scored`, the first token left out where nothing stands before it."""
        skipped = int(self.start is None)
        return [window.first + skipped, window.stop + skipped]

    def informed(self, window: Window) -> int:
        """As `Plan.informed`, by what stands before each token."""
        # The output of input number i of a window has seen i + 1 inputs, one of them no text.
        before = int(self.start is not None and window.start == 0)
        least = window.start + max(1, self.context // 2) + before - 1
        return max(0, window.stop - max(window.first, least))

    @property
    def added(self) -> list[int]:
        """As `Plan.added`."""
        return [] if self.start is None else [self.start]

    @property
    def lengths(self) -> np.ndarray:
        """As `Plan.lengths`."""
        return np.array([w.stop - w.start for _, w in self.windows], dtype=np.int64)

    def row(self, number: int) -> Row:
        """As `Plan.row`."""
        document, window = self.windows[number]
        ids = document.ids if self.start is None else [self.start, *document.ids]
        return Row(
            ids=ids[window.start : window.stop],
            places=list(range(window.first - window.start, window.stop - window.start)),
            targets=ids[window.first + 1 : window.stop + 1],
            window=number,
        )


@dataclass(frozen=True, eq=False)
class Masked(Plan):
    """Each token given all others of its window: masked, in turn, and asked for.

    The sum is the pseudo-log-likelihood of Salazar et al. 2020, "Masked Language Model Scoring".
    It costs a row for each token.  With `at_once` above 1, so many tokens of a window, evenly
    apart, are masked in one row: cheaper, another measure, and not theirs.
    """

    mask: int = 0
    before: list[int] = field(default_factory=list)
    after: list[int] = field(default_factory=list)
    at_once: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        steps = [-(-(w.stop - w.first) // self.at_once) for _, w in self.windows]
        of_window = np.repeat(np.arange(len(steps)), steps)
        begins = np.repeat(np.cumsum(steps) - steps, steps)
        object.__setattr__(self, "_rows", (of_window, np.arange(len(of_window)) - begins, steps))

    @property
    def added(self) -> list[int]:
        """As `Plan.added`."""
        return [self.mask, *self.before, *self.after]

    @property
    def lengths(self) -> np.ndarray:
        """As `Plan.lengths`."""
        around = len(self.before) + len(self.after)
        sizes = np.array([w.stop - w.start + around for _, w in self.windows], dtype=np.int64)
        return sizes[self._rows[0]]

    def row(self, number: int) -> Row:
        """As `Plan.row`."""
        of_window, offsets, steps = self._rows
        at = int(of_window[number])
        document, window = self.windows[at]
        tokens = range(window.first + int(offsets[number]), window.stop, steps[at])
        ids = [*self.before, *document.ids[window.start : window.stop], *self.after]
        places = [token - window.start + len(self.before) for token in tokens]
        for place in places:
            ids[place] = self.mask
        return Row(ids, places, [document.ids[token] for token in tokens], at)


@dataclass(frozen=True, eq=False)
class Denoising(Plan):
    """Each token given those before it and the whole text of the window with spans masked.

    The encoder reads the window with spans of 30 % of its tokens replaced by one mask each
    (`spans.draw_spans`, from `seed` and the document's number), the decoder the window as it was;
    the loss is per token of the original, the tokens that were not masked included.
    """

    mask: int = 0
    before: list[int] = field(default_factory=list)
    after: list[int] = field(default_factory=list)
    begin: int = 0
    seed: int = 0

    @property
    def added(self) -> list[int]:
        """As `Plan.added`."""
        return [self.begin, self.mask, *self.before, *self.after]

    @property
    def lengths(self) -> np.ndarray:
        """As `Plan.lengths`."""
        around = 1 + len(self.before) + len(self.after)
        return np.array([w.stop - w.start + around for _, w in self.windows], dtype=np.int64)

    def row(self, number: int) -> Row:
        """As `Plan.row`."""
        document, window = self.windows[number]
        ids = document.ids[window.start : window.stop]
        rng = np.random.default_rng([self.seed, document.number, window.start])
        noisy = with_masks(ids, draw_spans(len(ids), rng), self.mask)
        first = window.first - window.start
        return Row(
            ids=[*self.before, *noisy, *self.after],
            places=list(range(len(self.before) + first, len(self.before) + len(ids))),
            targets=ids[first:],
            window=number,
            decoder=[self.begin, *self.before, *ids],
        )
