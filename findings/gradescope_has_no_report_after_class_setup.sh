#!/usr/bin/env bash
# One failing `setUpClass` leaves Gradescope without a report for any test.
#
# gradescope-utils 0.5.0.
#
# Guess before the run: where `setUpClass` raises, the tests of that class are reported as failed, as they
# are where `setUp` raises, and the tests of other classes are graded as ever.
#
# Seen: the runner itself ends with an AttributeError and writes nothing. unittest reports the failure of a
# class with a stand-in object for the test, and the JSON result class looks up the test method's
# leaderboard column on it. A student's missing import or file, loaded once per class since loading is
# slow, so costs the points of the whole assignment and shows the grader's traceback in their place.
# Loading in `setUp`, or at first use, keeps the loss to the tests that need it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    gradescope-utils==0.5.0

cat > "$folder/expected" <<'SEEN'
setUp       report of 2 tests: needs_file failed, other passed
setUpClass  no report: AttributeError in the runner
SEEN

"$folder/venv/bin/python" - > "$folder/seen" <<'CODE'
import io
import json
import unittest

from gradescope_utils.autograder_utils.decorators import weight
from gradescope_utils.autograder_utils.json_test_runner import JSONTestRunner


class Other(unittest.TestCase):
    @weight(1)
    def test_other(self):
        "other"


class LoadsEachTime(unittest.TestCase):
    def setUp(self):
        self.answers = open("not_handed_in.json")

    @weight(1)
    def test_file(self):
        "needs_file"


class LoadsOnce(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.answers = open("not_handed_in.json")

    @weight(1)
    def test_file(self):
        "needs_file"


for name, case in (("setUp", LoadsEachTime), ("setUpClass", LoadsOnce)):
    load = unittest.defaultTestLoader.loadTestsFromTestCase
    stream = io.StringIO()
    try:
        JSONTestRunner(stream=stream).run(unittest.TestSuite([load(Other), load(case)]))
    except AttributeError:
        said = "no report: AttributeError in the runner" if not stream.getvalue() else "half a report"
    else:
        tests = json.loads(stream.getvalue())["tests"]
        listed = sorted(f"{test['name']} {test['status']}" for test in tests)
        said = f"report of {len(tests)} tests: {', '.join(listed)}"
    print(f"{name:11} {said}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
