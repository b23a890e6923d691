"""What the outcomes of a class say together, as tables for people."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING

from labkit.checks import TASKS, Verdict
from labkit.grading.reports.feedback import shown
from labkit.grading.submissions.outcomes import Outcome

if TYPE_CHECKING:
    import pandas as pd

SLOW = 20.0
"""Seconds from which a submission counts as slow, if it also takes three times the usual."""

_NAMED = re.compile(r".*This looks like '(.+?)': (.*?)(?:\. Read |$)", re.DOTALL)
_KINDS = (
    (re.compile(r"is not written yet|there is no function"), "left open"),
    (re.compile(r"had not returned after|no answer after"), "ran too long"),
    (re.compile(r"earns no points"), "a forbidden shortcut"),
    (re.compile(r"counts once '"), "waits for another property"),
    (re.compile(r"ended its process"), "ended its process"),
    (re.compile(r"raised (\w+)"), "raised {}"),
)
LEFT_OPEN = _KINDS[0][1]
_FOLLOWS = (LEFT_OPEN, _KINDS[3][1])  # no mistakes, or the consequence of one


def read(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Those whose notebook could be read: the others say nothing about an exercise."""
    return [outcome for outcome in outcomes if outcome.status in ("graded", "partly")]


def mistake(verdict: Verdict) -> tuple[str, bool]:
    """What went wrong in a failed verdict, and whether the check gave it that name."""
    if named := _NAMED.match(verdict.message):
        return named[1], True
    for pattern, kind in _KINDS:
        if found := pattern.search(verdict.message):
            return kind.format(*found.groups()), False
    return "no name", False


def scores(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """One row per student: status, points in all and per exercise, reason, remarks."""
    import pandas as pd

    rows = [
        {
            "student": outcome.student,
            "status": outcome.status,
            "points": outcome.points,
            "out_of": outcome.out_of,
            **{score.id: score.points for score in outcome.scores},
            "reason": outcome.reason,
            "remarks": "; ".join(outcome.remarks),
            "submitted": outcome.submitted,
            "origin": outcome.origin,
            "seconds": round(outcome.seconds, 1),
        }
        for outcome in outcomes
    ]
    columns = ["student", "status", "points", "out_of", *exercises(outcomes)]
    columns += ["reason", "remarks", "submitted", "origin", "seconds"]
    return pd.DataFrame(rows, columns=columns)


def exercises(outcomes: Sequence[Outcome]) -> list[str]:
    """Ids of the exercises that the outcomes hold, in their order."""
    return list(dict.fromkeys(score.id for outcome in outcomes for score in outcome.scores))


def pass_rates(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """One row per exercise, over the notebooks that could be read."""
    import pandas as pd

    rows = []
    for id in exercises(outcomes):
        found = [s for outcome in read(outcomes) for s in outcome.scores if s.id == id]
        opened = [s for s in found if any(mistake(v)[0] == LEFT_OPEN for v in s.verdicts)]
        total = max(len(found), 1)
        rows.append(
            {
                "id": id,
                "exercise": TASKS[id].title if id in TASKS else id,
                "of": max((s.out_of for s in found), default=0),
                "mean": sum(s.points for s in found) / total,
                "all": sum(s.points >= s.out_of for s in found) / total,
                "none": sum(s.points == 0 for s in found) / total,
                "open": len(opened) / total,
            }
        )
    columns = ["id", "exercise", "of", "mean", "all", "none", "open"]
    return pd.DataFrame(rows, columns=columns)


def property_rates(outcomes: Sequence[Outcome], id: str) -> pd.DataFrame:
    """One row per property of an exercise: how many of the answers to it have it."""
    import pandas as pd

    passed: dict[str, list[bool]] = {}
    for outcome in read(outcomes):
        for score in outcome.scores:
            for verdict in score.verdicts if score.id == id else ():
                passed.setdefault(verdict.name, []).append(verdict.passed)
    rows = [
        {"property": name, "holds": f"{sum(values)} of {len(values)}"}
        for name, values in passed.items()
    ]
    return pd.DataFrame(rows, columns=["property", "holds"])


def misconceptions(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """Mistakes by how many students made them; `named` are those that a check recognised.

    A student counts once for each mistake in an exercise.  `what` explains a named mistake; of one
    without a name it is the message to one of the students.
    """
    import pandas as pd

    counts: Counter = Counter()
    told: dict[tuple, str] = {}
    for outcome in read(outcomes):
        for score in outcome.scores:
            failed = {mistake(v): v.message for v in score.verdicts[::-1] if not v.passed}
            for (name, named), message in failed.items():
                if name not in _FOLLOWS:
                    counts[score.id, name, named] += 1
                    what = _NAMED.match(message)[2] if named else message
                    told.setdefault((score.id, name, named), what)
    rows = [
        {
            "exercise": TASKS[id].title if id in TASKS else id,
            "mistake": name,
            "students": count,
            "what": told[id, name, named],
            "named": named,
        }
        for (id, name, named), count in sorted(
            counts.items(), key=lambda entry: (-entry[1], entry[0])
        )
    ]
    frame = pd.DataFrame(rows, columns=["exercise", "mistake", "students", "what", "named"])
    return frame.astype({"named": bool})


def noteworthy(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """One row per thing that a person should look at: what was not graded, remarks, slow ones."""
    import pandas as pd

    usual = median([outcome.seconds for outcome in read(outcomes)] or [0])
    rows = []
    for outcome in outcomes:
        said = [outcome.reason] if outcome.status != "graded" else []
        said += outcome.remarks
        if outcome.seconds > max(SLOW, 3 * usual):
            said.append(f"took {outcome.seconds:.0f} s, half the class at most {usual:.0f} s")
        rows += [(outcome.student, outcome.status, text) for text in said]
    return pd.DataFrame(rows, columns=["student", "status", "what"])


def changes(outcomes: Sequence[Outcome], previous: Sequence[Outcome]) -> pd.DataFrame:
    """One row per student whose points or status differ from those of an earlier run."""
    import pandas as pd

    before = {outcome.student: outcome for outcome in previous}
    rows = []
    for outcome in outcomes:
        old = before.get(outcome.student)
        if old is None or (old.points, old.status) == (outcome.points, outcome.status):
            continue
        points = {score.id: score.points for score in old.scores}
        differ = [s for s in outcome.scores if s.points != points.get(s.id, 0)]
        points_told = ", ".join(
            f"{s.id}: {shown(points.get(s.id, 0))} → {shown(s.points)}" for s in differ
        )
        was, now = (f"{shown(one.points)} ({one.status})" for one in (old, outcome))
        rows.append((outcome.student, was, now, points_told))
    return pd.DataFrame(rows, columns=["student", "before", "now", "exercises"])
