"""The outputs of a classifier on rows of pairs, and the scores that follow from them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from labkit.errors import InputError
from labkit.evaluation.bootstrap import RESAMPLES, Interval, percentile, resampled
from labkit.evaluation.metrics import accuracy, f1, matthews
from labkit.files import replacing


@dataclass(frozen=True)
class Baselines:
    """What one can get without reading the sentences.

    The majority class of the labels (its accuracy and F1), and the loss in nats of always
    predicting the probability `prior`: the training split's share of positives where known, else
    that of the evaluated rows.
    """

    majority_class: int
    majority_accuracy: float
    majority_f1: float
    prior: float
    prior_loss: float


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Outputs of a classifier on rows of sentence pairs, in the order of the rows.

    `idx` and `labels` are int64 of shape (n,), `logits` float32 of shape (n, 2), for
    not_equivalent and equivalent.  Everything else is computed from them.  `remarks` say what a
    reader of the scores has to know, for example which of the model's classes was taken for which.
    """

    idx: np.ndarray
    labels: np.ndarray
    logits: np.ndarray
    prior: float | None = None
    seed: int = 0
    remarks: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def predictions(self) -> np.ndarray:
        """Class of the larger logit, int64 of shape (n,); class 0 where they are equal."""
        return self.logits.argmax(axis=1)

    @cached_property
    def losses(self) -> np.ndarray:
        """Cross-entropy of each example in nats, float64 of shape (n,)."""
        logits = self.logits.astype(np.float64)
        top = logits.max(axis=1, keepdims=True)
        log_sum = top[:, 0] + np.log(np.exp(logits - top).sum(axis=1))
        return log_sum - logits[np.arange(len(self)), self.labels]

    @property
    def loss(self) -> float:
        """Mean cross-entropy per example in nats (over examples, not over batches)."""
        return float(self.losses.mean())

    @property
    def accuracy(self) -> float:
        """Share of right predictions, 0 to 1."""
        return accuracy(self.labels, self.predictions)

    @property
    def f1(self) -> float:
        """F1 of class 1, 0 to 1."""
        return f1(self.labels, self.predictions)

    @property
    def matthews(self) -> float:
        """Matthews correlation, -1 to 1."""
        return matthews(self.labels, self.predictions)

    @property
    def share_positive(self) -> float:
        """Share of examples predicted to be paraphrases, 0 to 1."""
        return float(self.predictions.mean())

    @property
    def collapsed_to(self) -> int | None:
        """The class that every example is assigned to, or None."""
        first = int(self.predictions[0])
        return first if (self.predictions == first).all() else None

    @property
    def baselines(self) -> Baselines:
        """Scores to beat; see `Baselines`."""
        positive = float(self.labels.mean())
        majority = int(positive >= 0.5)
        constant = np.full_like(self.labels, majority)
        prior = positive if self.prior is None else self.prior
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = np.array([positive, 1 - positive]) * -np.log([prior, 1 - prior])
        return Baselines(
            majority_class=majority,
            majority_accuracy=accuracy(self.labels, constant),
            majority_f1=f1(self.labels, constant),
            prior=prior,
            prior_loss=float(np.nansum(terms)),  # 0 * log 0 is 0
        )

    def interval(self, metric: str, resamples: int = RESAMPLES) -> Interval:
        """Bootstrap 95 % interval of "loss", "accuracy", "f1" or "matthews" over the examples.

        Percentile method; Efron and Tibshirani (1993), An Introduction to the Bootstrap, 13.3.
        The same seed draws the same resamples for every model evaluated on the same rows.

        Raises:
            InputError: another metric, no row or resample, or a negative seed.
        """
        return percentile(self.resampled(metric, resamples))

    def resampled(self, metric: str, resamples: int, seed: int | None = None) -> np.ndarray:
        """The metric on each bootstrap resample, float64 of shape (resamples,).

        Raises:
            InputError: as `interval`.
        """
        seed = self.seed if seed is None else seed
        return resampled(self.labels, self.predictions, self.losses, metric, resamples, seed)

    def row(self) -> dict[str, float | int | str | None]:
        """All figures as one flat row of a table, intervals and baselines included."""
        row = {
            "examples": len(self),
            "loss": self.loss,
            "accuracy": self.accuracy,
            "f1": self.f1,
            "matthews": self.matthews,
            "share_positive": self.share_positive,
            "collapsed_to": self.collapsed_to,
            "remarks": " ".join(f"{remark}." for remark in self.remarks),
        }
        for metric in ("loss", "accuracy", "f1"):
            interval = self.interval(metric)
            row |= {f"{metric}_low": interval.low, f"{metric}_high": interval.high}
        return row | asdict(self.baselines)

    def save(self, path: Path | str) -> Path:
        """Write the outputs to a parquet file (whole or not at all); `load` reads it back."""
        import pyarrow as pa
        import pyarrow.parquet as parquet

        table = pa.table(
            {
                "idx": self.idx,
                "label": self.labels,
                "logit0": self.logits[:, 0],
                "logit1": self.logits[:, 1],
            }
        )
        rest = {"prior": self.prior, "seed": self.seed, "remarks": self.remarks}
        table = table.replace_schema_metadata({"labkit": json.dumps(rest)})
        with replacing(path) as temporary:
            parquet.write_table(table, temporary)
        return Path(path)

    @classmethod
    def load(cls, path: Path | str) -> Evaluation:
        """Read what `save` wrote.

        Raises:
            InputError: the file is damaged or holds something else.
        """
        import pyarrow as pa
        import pyarrow.parquet as parquet

        try:
            table = parquet.read_table(path)
            meta = json.loads(table.schema.metadata[b"labkit"])
            column = {name: table[name].to_numpy() for name in table.column_names}
            logits = np.stack([column["logit0"], column["logit1"]], axis=1)
            meta |= {"remarks": tuple(meta.get("remarks", ()))}
            return cls(column["idx"], column["label"], logits, **meta)
        except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
            raise InputError(f"{path} is not a saved evaluation: {error}") from error
