"""What a graded class looks like: one page for the instructor, and the scores as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING

from labkit.checks import TASKS, Written
from labkit.files import write_text
from labkit.grading.reports import summary
from labkit.grading.reports.feedback import clean, shown
from labkit.grading.reports.safe_tables import write_csv
from labkit.grading.reports.similar import Alike, alike
from labkit.grading.submissions.outcomes import Outcome
from labkit.plots.figure import SERIES, Plot, axes_grid
from labkit.plots.page import render

if TYPE_CHECKING:
    import pandas as pd

MOST = 25
"""Rows of the tables of mistakes: the rest of them is in the feedback."""


def write_report(
    outcomes: Sequence[Outcome],
    out: Path | str,
    *,
    lab: str,
    previous: Sequence[Outcome] | None = None,
    release: str = "",
) -> Path:
    """Write `report.html` and `scores.csv` into the folder `out`; returns the page's path.

    `previous` are the outcomes of an earlier run: the page says what changed since.  `release` is
    the students' version of the lab as JSON, whose code does not count as alike.

    Raises:
        SourceError: a file cannot be written.
    """
    out, outcomes = Path(out), [clean(outcome) for outcome in outcomes]
    write_csv(summary.scores(outcomes), out / "scores.csv")
    wrong = summary.misconceptions(outcomes)
    page = render(
        "grading.html",
        lab=lab,
        said=_in_short(outcomes, lab),
        changes=summary.changes(outcomes, [clean(one) for one in previous or ()]),
        noteworthy=summary.noteworthy(outcomes),
        plot=plot_points(outcomes),
        exercises=summary.pass_rates(outcomes),
        properties=lambda id: summary.property_rates(outcomes, id),
        named=wrong[wrong["named"]].drop(columns="named"),
        nameless=wrong[~wrong["named"]].drop(columns="named"),
        most=MOST,
        alike=_pairs(alike(outcomes, release)),
        students=_students(outcomes),
        shown=shown,
    )
    return write_text(out / "report.html", page)


def plot_points(outcomes: Sequence[Outcome]) -> Plot:
    """Histogram of the points of all that was handed in."""
    import numpy as np

    points = [outcome.points for outcome in outcomes if outcome.status != "missing"]
    total = max((outcome.out_of for outcome in outcomes), default=0) or 1
    width = max(-(-total // 10), 1)
    edges = np.arange(0, total + width, width)
    counts, _ = np.histogram(points, edges)
    figure, axes = axes_grid(1, 1, width=5, height=2.4)
    axis = axes[0, 0]
    style = SERIES[0]
    axis.stairs(counts, edges, fill=True, color=style["color"], alpha=0.55)
    axis.stairs(counts, edges, color=style["color"])
    axis.set_xticks(edges)
    axis.set_yticks(range(0, max(counts.max(), 1) + 1, max(-(-counts.max() // 5), 1)))
    axis.set_xlabel(f"points of {total}")
    axis.set_ylabel("students")
    groups = ", ".join(
        f"{low} to {high}: {count}"
        for low, high, count in zip(edges, edges[1:], counts, strict=False)
        if count
    )
    alt = f"Distribution of the points of {len(points)} submissions. {groups or 'None'}."
    return Plot(figure, "points", alt)


def _in_short(outcomes: Sequence[Outcome], lab: str) -> list[str]:
    """A line each on how many, how good, and what is left to do."""
    counts = Counter(outcome.status for outcome in outcomes)
    said = [", ".join(f"{count} {status}" for status, count in counts.items()) or "nobody"]
    points = [outcome.points for outcome in outcomes if outcome.status != "missing"]
    total = max((outcome.out_of for outcome in outcomes), default=0)
    if points:
        said.append(
            f"mean {shown(mean(points))} and median {shown(median(points))} of {total} points, "
            f"over the {len(points)} handed in"
        )
    words = [t for t in TASKS.values() if t.lab == lab and isinstance(t, Written)]
    if words:
        said.append(
            f"{sum(t.points for t in words)} more points are for answers in words, which a person "
            "grades in Formgrader"
        )
    return said


def _pairs(found: Sequence[Alike]) -> pd.DataFrame:
    import pandas as pd

    rows = [
        {
            "one": pair.students[0],
            "other": pair.students[1],
            "bits": f"{pair.bits:.0f}",
            "alike in": ", ".join(f"{part} ({share:.0%})" for part, share in pair.parts),
        }
        for pair in found
    ]
    return pd.DataFrame(rows, columns=["one", "other", "bits", "alike in"])


def _students(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """The scores for people: what matters first, short names of exercises, few digits."""
    frame, ids = summary.scores(outcomes), summary.exercises(outcomes)
    for column in ("points", *ids):
        frame[column] = ["" if value != value else shown(value) for value in frame[column]]
    frame = frame[["student", "points", "status", "reason", *ids, "submitted", "seconds"]]
    return frame.rename(columns={id: id.partition(".")[2] or id for id in ids})
