"""What is known of a submission, before and after it was graded."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from labkit.checks.engine.exercise import Verdict

Status = Literal["graded", "partly", "unreadable", "missing"]
"""`graded`: all cells ran. `partly`: something of it had to be left out or ended, and `reason` says
what. `unreadable`: there is no notebook in it. `missing`: nothing was handed in."""


@dataclass(frozen=True, kw_only=True)
class Handed:
    """A submission as it was handed in; nothing in it is trusted yet.

    `data` is the notebook file as it came, or None where there is none that can be used: then
    `problem` says why, in words for the student. `submitted` is an ISO 8601 time with its offset,
    or empty; `origin` the file it came from; `remarks` what was mended or chosen on the way.
    """

    student: str
    lab: str
    data: bytes | None
    problem: str = ""
    submitted: str = ""
    origin: str = ""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Scored:
    """What one exercise earned: points, and the verdicts of its check."""

    id: str
    points: float
    out_of: int
    verdicts: tuple[Verdict, ...]
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one submission.

    `notebook` is the course's own notebook as JSON with the student's answers put in, without
    outputs; empty where nothing could be read. `errors` holds (number of the cell, error) of cells
    that raised. `remarks` are for the instructor: what was mended, what looks suspicious. `key`
    says what the result depends on (content, lab, seed): the same key, the same scores.
    """

    student: str
    lab: str
    status: Status
    reason: str
    scores: tuple[Scored, ...]
    notebook: str
    errors: tuple[tuple[int, str], ...]
    remarks: tuple[str, ...]
    submitted: str
    origin: str
    seconds: float
    key: str

    @property
    def points(self) -> float:
        """Points of all exercises in code."""
        return round(sum(score.points for score in self.scores), 4)

    @property
    def out_of(self) -> int:
        """Points that the exercises in code could have earned."""
        return sum(score.out_of for score in self.scores)

    def to_json(self) -> str:
        """The record as one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Outcome:
        """The record that `to_json` wrote.

        Raises:
            ValueError, KeyError, TypeError: `text` is no such record.
        """
        fields: dict[str, Any] = json.loads(text)
        scores = tuple(
            Scored(**score | {"verdicts": tuple(Verdict(**v) for v in score["verdicts"])})
            for score in fields["scores"]
        )
        lists = {
            "scores": scores,
            "errors": tuple((int(number), str(said)) for number, said in fields["errors"]),
            "remarks": tuple(fields["remarks"]),
        }
        return cls(**fields | lists)
