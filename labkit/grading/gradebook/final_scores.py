"""What nbgrader's gradebook says in the end: with grades by a person, and what lateness costs."""

from __future__ import annotations

from labkit.grading.gradebook.course import Course


class Final(float):
    """Points of a student in the end; `late` are those that lateness took off."""

    late: float = 0.0


def final_points(course: Course, lab: str) -> tuple[dict[str, Final], tuple[str, ...]]:
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
        finals = {}
        for one in submissions:
            late = min(one.late_submission_penalty, one.score)
            finals[one.student_id] = Final(one.score - late)
            finals[one.student_id].late = late
        waiting = sorted(one.student_id for one in submissions if one.needs_manual_grade)
    return finals, tuple(waiting)
