"""What each lab asks for, on a sheet for instructors: from the registry and the labs' notebooks."""

import json
import re
from collections.abc import Callable
from pathlib import Path

from labkit.checks import TASKS, Exercise
from labkit.checks.engine.exercise import CHAPTERS
from labkit.errors import InputError, SourceError

_NEED = re.compile(r"\*\*You need\*\* ([^;]*labkit[^;]*); (?P<known>[^;]+); (?P<machine>[^.;]+)\.")


def sheet_table(root: Path | str, link: Callable[[str], str] = str) -> str:
    """Markdown table of all labs: chapter, exercises, points, time, prior knowledge, machine.

    Prior knowledge and machine are what the lab's own first cell says that one needs. `link` makes
    of a chapter's name (`01-weights`) what stands in the table.

    Raises:
        InputError: a lab does not say what it needs; names the notebook and the sentence.
        SourceError: a lab has no notebook below `root`.
    """
    head = (
        "lab",
        "chapter",
        "exercises",
        "in words",
        "points",
        "time",
        "what one should know",
        "machine",
    )
    lines = [_row(*head), "|:--|:--|--:|--:|--:|--:|:--|:--|"]
    for lab, chapter in CHAPTERS.items():
        tasks = [task for task in TASKS.values() if task.lab == lab]
        if not tasks:
            continue
        code = [task for task in tasks if isinstance(task, Exercise)]
        known, machine = lab_needs(root, lab)
        lines.append(
            _row(
                f"`{lab}`",
                link(chapter),
                str(len(code)),
                str(len(tasks) - len(code)),
                str(sum(task.points for task in tasks)),
                _hours(sum(task.minutes for task in tasks)),
                known,
                machine,
            )
        )
    points, minutes = (
        sum(getattr(t, what) for t in TASKS.values()) for what in ("points", "minutes")
    )
    code = sum(isinstance(task, Exercise) for task in TASKS.values())
    words = str(len(TASKS) - code)
    lines.append(_row("**together**", "", str(code), words, str(points), _hours(minutes), "", ""))
    return "\n".join(lines)


def lab_needs(root: Path | str, lab: str) -> tuple[str, str]:
    """What one should know before a lab, and what it asks of the machine, as its notebook says.

    Raises:
        InputError: the notebook does not say it.
        SourceError: there is no such notebook.
    """
    path = Path(root) / "exercises" / lab / f"{lab}.ipynb"
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError) as error:
        raise SourceError(f"cannot read {path} ({error}): run `labkit exercises`") from error
    text = " ".join(" ".join(part for cell in cells for part in cell["source"]).split())
    if (found := _NEED.search(text)) is None:
        raise InputError(
            f"{path} does not say what one needs. Write into its first cell: **You need** this "
            "notebook and `labkit` installed; WHAT ONE SHOULD KNOW; no network and no GPU."
        )
    return found["known"], found["machine"]


def _hours(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest:02} min" if hours else f"{rest} min"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
