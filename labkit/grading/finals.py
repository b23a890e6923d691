"""What nbgrader's gradebook says in the end: with grades by a person, and what lateness costs."""

from __future__ import annotations

from labkit.grading.course import Course


def final_points(course: Course, lab: str) -> tuple[dict[str, float], tuple[str, ...]]:
    """Points by student as `nbgrader export` gives them, and who waits for a person's grade.

    The late penalty is taken off, down to zero.  Only students with a submission in the gradebook
    are in it: both are empty where it does not know the lab.
    """
    from nbgrader.api import Gradebook, MissingEntry

    if not course.gradebook.exists():
        return {}, ()
    with Gradebook(f"sqlite:///{course.gradebook}", course.course_id) as book:
        try:
            submissions = book.find_assignment(lab).submissions
        except MissingEntry:
            return {}, ()
        finals = {
            one.student_id: max(0.0, one.score - one.late_submission_penalty) for one in submissions
        }
        waiting = sorted(one.student_id for one in submissions if one.needs_manual_grade)
    return finals, tuple(waiting)
