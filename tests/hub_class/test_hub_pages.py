"""From release to feedback through the pages of a hub: JupyterLab, Assignment List, Formgrader."""

import csv
import re

import pytest
from hub import LAB, STUDENTS, TEACHER
from notebooks import cell, release, solved, to_bytes
from playwright.sync_api import TimeoutError as NotInTime

from labkit.checks import REGISTRY, TASKS
from labkit.grading.sandbox.bubblewrap import problem

pytestmark = [pytest.mark.hub_class, pytest.mark.slow]

QUESTION = TASKS[f"{LAB}.reading"]
FREE = [] if problem() is None else ["--unsafe-no-sandbox"]
CODE = sum(exercise.points for exercise in REGISTRY.values() if exercise.lab == LAB)


def notebook(answers, words):
    """What a student hands in."""
    cell(answers, QUESTION.grade_id).source = words
    return to_bytes(answers)


def menu(page, entry):
    page.get_by_role("menuitem", name="Nbgrader").click()
    page.get_by_role("menuitem", name=entry).click()


def dialog(page):
    """The text of the dialog that JupyterLab shows, which is then closed."""
    text = page.locator(".jp-Dialog-content").inner_text()
    page.locator(".jp-Dialog-content button", has_text="OK").click()
    return text


class Formgrader:
    """Formgrader as JupyterLab's menu opens it."""

    def __init__(self, page):
        menu(page, "Formgrader")
        self.page = page
        self.frame = page.frame_locator("#formgrader-iframe iframe")

    def press(self, column):
        """Press the lab's button in a column of "Manage Assignments"; it says that it worked."""
        self.frame.locator(f".{column} a").click()
        said = self.frame.locator(".modal.in .modal-content")
        text = said.inner_text()
        assert text.lstrip("×\n ").startswith("Success"), text
        said.locator(".modal-footer button").click()
        said.wait_for(state="detached")

    def grade(self, student, points, comment):
        """Give points and a comment for the answer in words, in the list of submissions."""
        row = self.frame.locator("tbody tr", has=self.frame.get_by_text(student, exact=True))
        row.locator(".reveal .name-hidden").click()
        row.get_by_text(student, exact=True).click()
        for box, text, kind in [
            (f"#{QUESTION.grade_id}", points, "grade"),
            (f"#{QUESTION.grade_id}-comment", comment, "comment"),
        ]:
            saves = re.compile(rf"/formgrader/api/{kind}/")

            def done(sent, saves=saves, text=text):
                known = sent.method == "PUT" and saves.search(sent.url)
                return known and str(text) in (sent.post_data or "")

            for more in reversed(range(6)):  # what is typed before the page listens is not saved
                try:
                    with self.page.expect_request_finished(done, timeout=20_000) as saved:
                        for value in ("", text):
                            self.frame.locator(box).fill(value)
                            self.frame.locator(box).blur()
                    break
                except NotInTime:
                    if not more:
                        raise
            assert saved.value.response().ok

    def go(self, *names):
        for name in names:
            self.frame.get_by_role("link", name=name, exact=True).first.click()


def test_from_release_to_the_feedback_that_a_student_reads(hub, people):
    for user in people:
        said = hub.command(user, "labkit.cli", "doctor", "--hub")
        assert "fail" not in said and "warn" not in said and "Formgrader in a frame" in said, said
    teacher = Formgrader(people[TEACHER])
    teacher.press("assign")
    teacher.press("release")

    answers = {
        "ada": notebook(solved(LAB), "The bell of **GPT-2** is the narrowest."),
        "ben": notebook(release(LAB), "<script>document.title = 'taken'</script>I do not know."),
    }
    for student in STUDENTS:
        page = people[student]
        menu(page, "Assignment List")
        page.locator("#released_assignments_list").get_by_text("Fetch", exact=True).click()
        fetched = page.locator("#fetched_assignments_list")
        fetched.locator(".assignment-notebooks-link").click()
        released = hub.homes / student / LAB / f"{LAB}.ipynb"
        assert released.read_bytes() == (hub.course / f"exercises/{LAB}/{LAB}.ipynb").read_bytes()
        released.write_bytes(answers[student])
        fetched.get_by_text("Validate", exact=True).click()
        said = dialog(page)
        assert ("Your notebook passes all the tests" in said) == (student == "ada"), said
        fetched.get_by_text("Submit", exact=True).click()
        page.locator("#submitted_assignments_list .nested_list_item").wait_for()

    teacher.press("collect")
    said = hub.command(TEACHER, "labkit.cli", "grade", LAB, "--seed", "ours", *FREE)
    assert "2 recorded in " in said

    for student, points, comment in [
        ("ada", "3", "What of the third?"),
        ("ben", "0", "Please come and ask."),
    ]:
        teacher.go("Manual Grading", LAB, LAB)
        teacher.grade(student, points, comment)
    assert teacher.frame.locator("body").evaluate("() => document.title") == LAB  # not ben's

    teacher.go("Manual Grading", "Manage Assignments")
    teacher.press("generate-feedback")
    teacher.press("release-feedback")

    for student, own, others in [
        ("ada", "What of the third?", "Please come and ask."),
        ("ben", "Please come and ask.", "What of the third?"),
    ]:
        read = feedback(people[student])
        assert own in read and others not in read
    hub.command(TEACHER, "nbgrader", "export")
    with (hub.course / "grades.csv").open(encoding="utf-8") as file:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert scores == {"ada": CODE + 3, "ben": 0}


def feedback(page):
    """The text of the page that a student fetches in Assignment List and opens from there."""
    page.locator("#refresh_assignments_list").click()
    handed = page.locator("#submitted_assignments_list")
    handed.get_by_text("(feedback available to fetch)").wait_for()
    handed.get_by_text("Fetch Feedback", exact=True).click()
    handed.get_by_text("(view feedback)").click()
    page.locator(".jp-DirListing-item", has_text=f"{LAB}.html").dblclick()
    shown = page.frame_locator(".jp-HTMLViewer iframe").locator("body")
    shown.get_by_text("Score:").first.wait_for()
    return shown.inner_text()
