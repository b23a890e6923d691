"""How far a training is, and how it went."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class EpochScores:
    """Scores on the validation split after an epoch: loss in nats, accuracy and F1 from 0 to 1."""

    epoch: int
    loss: float
    accuracy: float
    f1: float


@dataclass(frozen=True)
class TrainingStep:
    """How far the training is: `step` of `steps`.

    `loss` is the mean training loss of the last ten steps (None before them), `scores` those of
    the last epoch that was evaluated.
    """

    step: int
    steps: int
    loss: float | None
    scores: EpochScores | None


@dataclass(frozen=True)
class FinetuneResult:
    """Where the checkpoint is and how the training went.

    `resumed_from` is the step an interrupted run was taken up at, 0 for a run from the start;
    `seconds` are those of this call; `remarks` say what was left out of the corpus.
    """

    name: str
    path: Path
    epochs: tuple[EpochScores, ...]
    steps: int
    resumed_from: int
    seconds: float
    device: str
    remarks: tuple[str, ...] = ()
