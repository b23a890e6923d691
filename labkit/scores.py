"""Score a classifier's outputs: metrics, baselines, bootstrap intervals and paired tests."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from labkit.errors import InputError
from labkit.files import replacing

_DRAWS = 1 << 20  # rows drawn at once, 8 MB: all resamples of a large corpus take gigabytes
RESAMPLES = 2000
CONFIDENCE = 0.95


def accuracy(labels: np.ndarray, predictions: np.ndarray) -> float:
    """Share of the predictions that equal the labels, 0 to 1.

    Args:
        labels: the true classes, shape (n,).
        predictions: those of a model, shape (n,).

    Raises:
        InputError: other shapes, or no rows.
    """
    labels, predictions = _paired(labels, predictions)
    return float(np.mean(labels == predictions))


def f1(labels: np.ndarray, predictions: np.ndarray) -> float:
    """F1 of class 1 (paraphrase), 0 to 1; 0 where nothing is or is predicted positive.

    Arguments and errors as of `accuracy`, and the classes are 0 and 1.
    """
    labels, predictions = _paired(labels, predictions)
    hits = int(((labels == 1) & (predictions == 1)).sum())
    wrong = int((labels != predictions).sum())
    return 2 * hits / (2 * hits + wrong) if hits else 0.0


def matthews(labels: np.ndarray, predictions: np.ndarray) -> float:
    """Matthews correlation, -1 to 1; 0 where labels or predictions are all of one class.

    Matthews (1975); unlike F1 it is 0 for every constant predictor.  Arguments and errors as of
    `f1`.
    """
    labels, predictions = _paired(labels, predictions)
    tp, tn = ((labels == c) & (predictions == c) for c in (1, 0))
    fp, fn = ((labels == 1 - c) & (predictions == c) for c in (1, 0))
    tp, tn, fp, fn = (float(cell.sum()) for cell in (tp, tn, fp, fn))
    scale = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return (tp * tn - fp * fn) / scale**0.5 if scale else 0.0


def _paired(labels: np.ndarray, predictions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both as arrays; numpy would repeat one prediction for all labels."""
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if labels.ndim != 1 or labels.shape != predictions.shape or not len(labels):
        raise InputError(
            f"labels of shape {labels.shape} and predictions of {predictions.shape}: both must be "
            "(n,), with n of at least 1"
        )
    return labels, predictions


@dataclass(frozen=True)
class Interval:
    """A percentile bootstrap interval."""

    low: float
    high: float


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

    `idx` and `labels` are int64 of shape (n,), `logits` float32 of shape (n, 2).  Everything else
    is computed from them.
    """

    idx: np.ndarray
    labels: np.ndarray
    logits: np.ndarray
    prior: float | None = None
    seed: int = 0

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
        return _percentile(_resampled(self, metric, resamples))

    def row(self) -> dict[str, float | int | None]:
        """All figures as one flat row of a table, intervals and baselines included."""
        row = {
            "examples": len(self),
            "loss": self.loss,
            "accuracy": self.accuracy,
            "f1": self.f1,
            "matthews": self.matthews,
            "share_positive": self.share_positive,
            "collapsed_to": self.collapsed_to,
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
        ).replace_schema_metadata({"labkit": json.dumps({"prior": self.prior, "seed": self.seed})})
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
            return cls(column["idx"], column["label"], logits, **meta)
        except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
            raise InputError(f"{path} is not a saved evaluation: {error}") from error


@dataclass(frozen=True)
class PairedComparison:
    """Two models on the same examples.

    `only_first` and `only_second` count examples that just one of them gets right; `p_value` is
    McNemar's exact two-sided test on these.  Differences are second minus first, with the paired
    bootstrap's 95 % interval.
    """

    only_first: int
    only_second: int
    p_value: float
    accuracy_difference: float
    accuracy_interval: Interval
    f1_difference: float
    f1_interval: Interval
    loss_difference: float
    loss_interval: Interval


def compare_paired(
    first: Evaluation, second: Evaluation, *, seed: int = 0, resamples: int = RESAMPLES
) -> PairedComparison:
    """Compare two evaluations of the same rows, example by example.

    McNemar (1947), exact binomial form; paired bootstrap as in Berg-Kirkpatrick et al. (2012).

    Raises:
        InputError: the evaluations are not of the same rows in the same order, there is no row or
            resample, or a negative seed.
    """
    from scipy.stats import binomtest

    same = len(first) == len(second) and np.array_equal(first.idx, second.idx)
    if not same or not np.array_equal(first.labels, second.labels):
        raise InputError(
            f"the two evaluations ({len(first)} and {len(second)} rows) are not of the same rows "
            "in the same order: evaluate both on the same split"
        )
    right = [e.predictions == e.labels for e in (first, second)]
    only_first, only_second = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
    decided = only_first + only_second
    found = {}
    for metric in ("accuracy", "f1", "loss"):
        samples = [_resampled(e, metric, resamples, seed) for e in (first, second)]
        found[f"{metric}_difference"] = getattr(second, metric) - getattr(first, metric)
        found[f"{metric}_interval"] = _percentile(samples[1] - samples[0])
    return PairedComparison(
        only_first=only_first,
        only_second=only_second,
        p_value=float(binomtest(only_first, decided).pvalue) if decided else 1.0,
        **found,
    )


def _resampled(
    evaluation: Evaluation, metric: str, resamples: int, seed: int | None = None
) -> np.ndarray:
    """The metric on each bootstrap resample, float64 of shape (resamples,)."""
    seed, count = evaluation.seed if seed is None else seed, len(evaluation)
    if resamples < 1 or seed < 0 or not count:
        raise InputError(
            f"resamples is {resamples}, seed {seed}, and there are {count} rows: a bootstrap needs "
            "at least one resample and one row, and a seed of at least 0"
        )
    rng, at_once = np.random.default_rng(seed), max(1, _DRAWS // count)
    parts = [min(at_once, resamples - start) for start in range(0, resamples, at_once)]
    draws = (rng.integers(0, count, (rows, count)) for rows in parts)
    if metric == "loss":
        return np.concatenate([evaluation.losses[drawn].mean(axis=1) for drawn in draws])
    # One number for each of the four cells: their counts are all that the other metrics need.
    cells = 2 * evaluation.labels + evaluation.predictions
    counts = [[(cells[drawn] == cell).sum(axis=1) for cell in range(4)] for drawn in draws]
    tn, fp, fn, tp = np.concatenate(counts, axis=1).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        values = {
            "accuracy": lambda: (tp + tn) / len(evaluation),
            "f1": lambda: 2 * tp / (2 * tp + fp + fn),
            "matthews": lambda: (
                (tp * tn - fp * fn) / np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
            ),
        }
        if metric not in values:
            raise InputError(f"no metric {metric!r}: choose from loss, {', '.join(values)}")
        return np.nan_to_num(values[metric]())


def _percentile(values: np.ndarray) -> Interval:
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(values, (tail, 1 - tail))
    return Interval(float(low), float(high))
