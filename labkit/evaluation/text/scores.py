"""What a language model pays for a text, per window, and the figures that follow from it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from labkit.errors import InputError
from labkit.evaluation.bootstrap import RESAMPLES, Interval, percentile
from labkit.files import replacing

METRICS = ("loss", "perplexity", "bits_per_byte")

_DRAWS = 1 << 20  # numbers drawn at once, 8 MB
_ENOUGH = 20  # documents from which on the bootstrap draws documents, and not blocks of windows
_COLUMNS = ("document", "nats", "tokens", "bytes", "informed")


@dataclass(frozen=True, eq=False)
class TextEvaluation:
    """What a model pays for each window of each document; the rest is computed from it.

    `document` (its number in the texts, from 0), `nats` (float64), `tokens`, `bytes` and `informed`
    have one entry per window: what its scored tokens cost, how many these are, how many bytes of
    the text (UTF-8) they stand for, and how many have at least half a context of text to go by.
    `digests` (int64) has one entry for each of the texts, those left out included.

    `kind` is "causal", "masked" or "denoising", and `measure` says what the perplexity is called.
    `left_out` and `remarks` are sentences without full stops, for readers of the figures.
    """

    kind: str
    document: np.ndarray
    nats: np.ndarray
    tokens: np.ndarray
    bytes: np.ndarray
    informed: np.ndarray
    digests: np.ndarray
    context: int
    stride: int
    vocabulary: int
    seconds: float = 0.0
    seed: int = 0
    at_once: int = 1
    left_out: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.scored)

    @cached_property
    def scored(self) -> np.ndarray:
        """Numbers of the documents that are scored, in order, int64 (documents,)."""
        return np.unique(self.document)

    @property
    def document_nats(self) -> np.ndarray:
        """Nats of each scored document, float64 (documents,)."""
        return _sums(self.document, self.nats)

    @property
    def document_tokens(self) -> np.ndarray:
        """Scored tokens of each scored document, int64 (documents,)."""
        return _sums(self.document, self.tokens)

    @property
    def document_bytes(self) -> np.ndarray:
        """Bytes that these tokens stand for, int64 (documents,)."""
        return _sums(self.document, self.bytes)

    @property
    def loss(self) -> float:
        """Nats per scored token: of all tokens together, not the mean over documents."""
        return float(self.nats.sum() / self.tokens.sum())

    @property
    def perplexity(self) -> float:
        """exp of `loss`: the number of equally likely tokens that would be as hard to tell."""
        return _exp(self.loss)

    @property
    def bits_per_byte(self) -> float:
        """Bits per byte of the scored text, which other tokenizers can be compared by."""
        return float(self.nats.sum() / (self.bytes.sum() * np.log(2)))

    @property
    def with_context(self) -> float:
        """Share of the scored tokens that have at least half a context of text to go by, 0 to 1."""
        return float(self.informed.sum() / self.tokens.sum())

    @property
    def tokens_per_second(self) -> float:
        """Scored tokens per second of the run, tokenising left out."""
        return float(self.tokens.sum() / self.seconds) if self.seconds else float("nan")

    @property
    def collapsed(self) -> bool:
        """Whether a uniform guess over the vocabulary is at least as good."""
        return self.loss >= float(np.log(self.vocabulary))

    @property
    def measure(self) -> str:
        """What `perplexity` is, by name."""
        if self.at_once > 1:
            return f"perplexity of {self.at_once} masked at once"  # not Salazar's
        names = {"causal": "perplexity", "masked": "pseudo-perplexity"}
        return names.get(self.kind, "denoising perplexity")

    def interval(self, metric: str, resamples: int = RESAMPLES) -> Interval:
        """Bootstrap 95 % interval of "loss", "perplexity" or "bits_per_byte"; percentile method.

        Documents are drawn where at least 20 are scored.  Of fewer, blocks of consecutive windows
        are (Carlstein 1986), n^(1/3) of a text's n windows each, since neighbours are alike.  Both
        ends are NaN where that leaves a single block.

        Raises:
            InputError: another metric, no resample, or a negative seed.
        """
        return percentile(self.resampled(metric, resamples))

    def resampled(self, metric: str, resamples: int, seed: int | None = None) -> np.ndarray:
        """The metric on each bootstrap resample, float64 of shape (resamples,).

        The same seed draws the same documents for every model evaluated on the same texts.

        Raises:
            InputError: as `interval`.
        """
        seed = self.seed if seed is None else seed
        if metric not in METRICS:
            raise InputError(f"no metric {metric!r}: choose from {', '.join(METRICS)}")
        if resamples < 1 or seed < 0:
            raise InputError(f"resamples is {resamples} and seed {seed}; at least 1 and 0")
        units = self.units()
        nats = _sums(units, self.nats)
        weights = _sums(units, self.bytes if metric == "bits_per_byte" else self.tokens)
        if len(nats) < 2:
            return np.full(resamples, np.nan)
        rng, at_once = np.random.default_rng(seed), max(1, _DRAWS // len(nats))
        means = []
        for start in range(0, resamples, at_once):
            rows = min(at_once, resamples - start)
            drawn = rng.integers(0, len(nats), (rows, len(nats)))
            means.append(nats[drawn].sum(axis=1) / weights[drawn].sum(axis=1))
        values = np.concatenate(means)
        if metric == "bits_per_byte":
            return values / np.log(2)
        return np.vectorize(_exp)(values) if metric == "perplexity" else values

    def units(self) -> np.ndarray:
        """What the bootstrap draws: for each window the number of its document or block."""
        if len(self) >= _ENOUGH:
            return self.document
        numbers, before = np.empty(len(self.document), dtype=np.int64), 0
        for document in self.scored:
            (at,) = np.nonzero(self.document == document)
            blocks = np.arange(len(at)) // round(len(at) ** (1 / 3))
            numbers[at] = before + blocks
            before += int(blocks[-1]) + 1
        return numbers

    def row(self) -> dict[str, float | int | str | bool]:
        """All figures as one flat row of a table, intervals included."""
        row: dict[str, float | int | str | bool] = {
            "kind": self.kind,
            "measure": self.measure,
            "documents": len(self),
            "tokens": int(self.tokens.sum()),
            "bytes": int(self.bytes.sum()),
            "context": self.context,
            "stride": self.stride,
            "with_context": self.with_context,
            "vocabulary": self.vocabulary,
            "text_collapsed": self.collapsed,
            "tokens_per_second": self.tokens_per_second,
            "text_remarks": " ".join(f"{said}." for said in (*self.left_out, *self.remarks)),
        }
        for metric in METRICS:
            name = "text_loss" if metric == "loss" else metric
            interval = self.interval(metric)
            row |= {name: getattr(self, metric)}
            row |= {f"{name}_low": interval.low, f"{name}_high": interval.high}
        return row

    def save(self, path: Path | str) -> Path:
        """Write everything to a parquet file (whole or not at all); `load` reads it back."""
        import pyarrow as pa
        import pyarrow.parquet as parquet

        columns = {name: getattr(self, name) for name in _COLUMNS}
        rest = {name: value for name, value in vars(self).items() if name in _REST}
        rest["digests"] = self.digests.tolist()
        table = pa.table(columns).replace_schema_metadata({"labkit": json.dumps(rest)})
        with replacing(path) as temporary:
            parquet.write_table(table, temporary)
        return Path(path)

    @classmethod
    def load(cls, path: Path | str) -> TextEvaluation:
        """Read what `save` wrote.

        Raises:
            InputError: the file is damaged or holds something else.
        """
        import pyarrow as pa
        import pyarrow.parquet as parquet

        try:
            table = parquet.read_table(path)
            meta = json.loads(table.schema.metadata[b"labkit"])
            meta |= {name: tuple(meta[name]) for name in ("left_out", "remarks")}
            meta["digests"] = np.array(meta["digests"], dtype=np.int64)
            return cls(**{name: table[name].to_numpy() for name in _COLUMNS}, **meta)
        except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
            raise InputError(f"{path} is not a saved evaluation of texts: {error}") from error


_REST = ("kind", "context", "stride", "vocabulary", "seconds", "seed", "at_once", "left_out")
_REST = (*_REST, "remarks")


def _sums(units: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The sum of `values` for each unit that occurs, in the order of the units' numbers."""
    _, place = np.unique(units, return_inverse=True)
    sums = np.zeros(place.max() + 1 if len(place) else 0, dtype=values.dtype)
    np.add.at(sums, place, values)
    return sums


def _exp(loss: float) -> float:
    """exp, infinite where a float64 holds no such number (a loss above 709 nats)."""
    with np.errstate(over="ignore"):
        return float(np.exp(loss))
