"""What the registry says in the cells of a notebook: headings, tables, nbgrader's metadata."""

from typing import Any

from labkit.checks import TASKS, Exercise, Task, Written
from labkit.checks.engine.forbidden_calls import ALWAYS


def heading(task: Task) -> str:
    """Title of an exercise in a notebook, its points, what to read and what it does not allow."""
    text = (
        f"## {task.title}\n\n"
        f"**{task.points} points, about {task.minutes} minutes, difficulty "
        f"{task.difficulty} of 3.** {task.objective} Read first: {_section(task)}."
    )
    return f"{text} {_not_allowed(task)}" if isinstance(task, Exercise) else text


_ELSEWHERE = {"evaluate": "Hugging Face's package `evaluate`"}
"""Names that would be taken for something else where they stand alone."""


def _not_allowed(exercise: Exercise) -> str:
    names = list(dict.fromkeys((*ALWAYS, *exercise.forbids)))
    methods = [name for name in names if name.endswith("()")]
    modules = [name for name in names if name not in methods and name not in _ELSEWHERE]
    parts = (("module", modules), ("method", methods))
    said = [
        f"the {what}{'s' * (len(found) > 1)} {', '.join(f'`{name}`' for name in found)}"
        for what, found in parts
        if found
    ]
    packages = [_ELSEWHERE[name] for name in names if name in _ELSEWHERE]
    said[0] = " and ".join([said[0], *packages])
    return f"Not allowed: calls into {'; calls of '.join(said)}."


def _section(task: Task) -> str:
    """Link to the section to read; solutions/LAB, exercises/LAB and work/LAB are as deep."""
    return f"[{task.section}](../../{task.section})"


def rubric_table(question: Written) -> str:
    """Markdown table of what a written answer earns points for."""
    rows = [f"| {points} | {criterion} |" for points, criterion in question.rubric]
    return "\n".join(["| points | for |", "|--:|:--|", *rows])


def overview_table(lab: str) -> str:
    """Markdown table of a lab's exercises, with the sums of points and minutes."""
    tasks = [task for task in TASKS.values() if task.lab == lab]
    rows = [
        f"| {task.title} | {_answer_in(task)} | {task.points} | {task.minutes} min | "
        f"{task.difficulty} of 3 |"
        for task in tasks
    ]
    points, minutes = (sum(getattr(task, what) for task in tasks) for what in ("points", "minutes"))
    return "\n".join(
        [
            "| exercise | function | points | time | difficulty |",
            "|:--|:--|--:|--:|--:|",
            *rows,
            f"| **together** | | **{points}** | **{minutes} min** | |",
        ]
    )


def _answer_in(task: Task) -> str:
    return f"`{task.function}`" if isinstance(task, Exercise) else "in words"


def nbgrader_metadata(task: Task, role: str) -> dict[str, Any]:
    """Metadata of an answer cell, a graded cell, or an answer that a person grades (schema 3)."""
    graded = role != "answer"
    return {
        "schema_version": 3,
        "task": False,
        "grade": graded,
        "locked": role == "grade",
        "solution": role != "grade",
        "grade_id": task.grade_id if graded else f"{task.grade_id}-answer",
        **({"points": task.points} if graded else {}),
    }
