"""Commands that hand the course over to a platform: export."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from labkit.cli.app import app
from labkit.cli.grade import grading_seed_of

export = typer.Typer(
    name="export",
    help="Hand a lab's grader, or the quiz bank, over to a platform.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(export)


class Runner(StrEnum):
    """What grades on GitHub."""

    ACTIONS = "actions"
    CLASSROOM50 = "classroom50"


LabName = Annotated[str, typer.Argument(help="The lab.")]
Course = Annotated[Path | None, typer.Option(help="Root of the course repository.")]


@export.command()
def gradescope(
    lab: LabName,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.zip", help="Default: gradescope-LAB.zip.")
    ] = None,
    seed: Annotated[
        str | None,
        typer.Option(help="Seed of the inputs, any text; default: LABKIT_GRADING_SEED."),
    ] = None,
    visibility: Annotated[
        str,
        typer.Option(
            help="When students see the tests: visible, after_due_date, after_published or hidden."
        ),
    ] = "visible",
    course: Course = None,
) -> None:
    """Write the autograder's zip for a programming assignment on Gradescope.

    It grades as `labkit grade` does. Keep the file to yourself: the seed is in it.
    """
    from labkit.grading.autograder.gradescope_zip import write_gradescope_zip
    from labkit.grading.autograder.settings import Settings
    from labkit.labs.workspace import COURSE

    settings = Settings(lab=lab, seed=grading_seed_of(seed), visibility=visibility)
    target = out or Path(f"gradescope-{lab}.zip")
    path, size = write_gradescope_zip(course or COURSE, target, settings)
    print(
        f"{path}: {size / 1e6:.1f} MB. On Gradescope: Configure Autograder, upload it as zip file"
    )
    print("Settings: Ubuntu 24.04, the largest memory and CPU, a timeout of 20 minutes")


@export.command()
def github(
    lab: LabName,
    form: Annotated[
        Runner,
        typer.Option(
            help="actions: a template repository, also for GitHub Classroom; classroom50: the "
            "folder of an assignment's autograder."
        ),
    ] = Runner.ACTIONS,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Default: github-LAB, classroom50-LAB.")
    ] = None,
    course: Course = None,
) -> None:
    """Write what grades a lab on GitHub, on the inputs that students know.

    Students can read what lies in their repository: grade with your own seed at the end
    (`labkit grade`).
    """
    from labkit.grading.autograder import github_folder
    from labkit.labs.workspace import COURSE

    actions = form is Runner.ACTIONS
    target = out or Path(f"{'github' if actions else form.value}-{lab}")
    write = github_folder.write_github_folder
    if not actions:
        write = github_folder.write_classroom50_folder
    folder = write(course or COURSE, target, lab)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    print(f"{folder}: {size / 1e6:.1f} MB")
    if actions:
        print("make it a template repository on GitHub, and the assignment's starter code")
    else:
        print("put its files into CLASSROOM/autograders/ASSIGNMENT/ of your classroom50 repository")


class QuizForm(StrEnum):
    """What a learning platform imports questions from."""

    GIFT = "gift"
    MOODLE_XML = "moodle-xml"
    QTI = "qti"


@export.command()
def quiz(
    chapter: Annotated[
        str, typer.Argument(help="A chapter, by number (4) or name (04-size-and-runtime), or all.")
    ],
    form: Annotated[
        QuizForm,
        typer.Option(
            "--format", help="gift or moodle-xml for Moodle; qti (QTI 1.2 in a zip) for Canvas."
        ),
    ] = QuizForm.GIFT,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Default: quiz-CHAPTER, as the form ends.")
    ] = None,
    course: Course = None,
) -> None:
    """Write the questions of a chapter's bank for a quiz or an exam on a learning platform.

    The right answers are in the file: keep it from students.
    """
    from labkit.labs.workspace import COURSE
    from labkit.quiz import FORMS, find_banks, write_banks

    banks = find_banks(course or COURSE, chapter)
    name = banks[0].name if len(banks) == 1 else "all"
    path = write_banks(banks, form.value, out or Path(f"quiz-{name}{FORMS[form.value]}"))
    questions = sum(len(bank.questions) for bank in banks)
    chapters = f"{len(banks)} chapter{'s' * (len(banks) > 1)}"
    print(f"{path}: {questions} questions of {chapters}, the answers among them")
