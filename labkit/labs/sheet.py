"""What each lab asks for, on a sheet for instructors: from the registry and the labs' notebooks."""

import json
import re
from collections.abc import Callable
from pathlib import Path

from labkit.checks import TASKS, Exercise, Task
from labkit.checks.engine.exercise import CHAPTERS
from labkit.errors import InputError, SourceError

_NEED = re.compile(r"\*\*You need\*\* ([^;]*labkit[^;]*); (?P<known>[^;]+); (?P<machine>[^.;]+)\.")


def sheet_table(root: Path | str, link: Callable[[str], str] = str) -> str:
    """Markdown table of all labs: chapter, exercises, points, time, prior knowledge.

    Below it stands what the labs ask of the machine.  Prior knowledge and machine are what the
    lab's own first cell says that one needs.  `link` makes of a chapter's name (`01-weights`) what
    stands in the table.

    Raises:
        InputError: a lab does not say what it needs; names the notebook and the sentence.
        SourceError: a lab has no notebook below `root`.
    """
    head = ("lab", "chapter", "in code", "in words", "points", "time", "what one should know")
    lines = [_row(*head), "|:--|:--|--:|--:|--:|--:|:--|"]
    machines: dict[str, list[str]] = {}
    labs = {lab: [task for task in TASKS.values() if task.lab == lab] for lab in CHAPTERS}
    for lab, tasks in labs.items():
        known, machine = lab_needs(root, lab)
        machines.setdefault(machine, []).append(f"`{lab}`")
        lines.append(_row(f"`{lab}`", link(CHAPTERS[lab]), *_sums(tasks), known))
    lines.append(_row("**all**", "", *_sums(list(TASKS.values())), ""))
    asked = "; ".join(
        f"{'all labs' if len(found) == len(labs) else ', '.join(found)}: {machine}"
        for machine, found in machines.items()
    )
    return "\n".join([*lines, "", f"{asked[0].upper()}{asked[1:]}."])


def _sums(tasks: list[Task]) -> tuple[str, ...]:
    """Exercises in code and in words, points, and time."""
    code = sum(isinstance(task, Exercise) for task in tasks)
    hours, minutes = divmod(sum(task.minutes for task in tasks), 60)
    time = f"{hours}:{minutes:02}\N{NO-BREAK SPACE}h"
    return str(code), str(len(tasks) - code), str(sum(task.points for task in tasks)), time


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


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
