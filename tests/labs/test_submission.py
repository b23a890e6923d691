"""A submission is checked from outside its process: by default the reference solutions."""

import pytest

from labkit.checks import VISIBLE_SEED, grading_seed
from labkit.checks.process.submission import Submission


@pytest.fixture(scope="module")
def submission(request):
    with Submission(request.param) as opened:
        yield opened


def test_submission(submission, exercise, points, raised, request):
    given = request.config.getoption("submission")
    grade = submission.grade(exercise, grading_seed() if given else VISIBLE_SEED)
    points[submission.path, exercise.id] = grade
    raised[submission.path] = submission.errors
    # A cell that raises costs a student no points by itself; in a reference solution none may.
    assert given or not submission.errors
    failed = [str(verdict) for verdict in grade.verdicts if not verdict.passed]
    if failed:
        pytest.fail("\n".join(dict.fromkeys(failed)), pytrace=False)
