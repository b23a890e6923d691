#!/usr/bin/env bash
# A test with a failed `subTest` is missing from Gradescope's report, points and all.
#
# gradescope-utils 0.5.0.
#
# Guess before the run: a test whose `with self.subTest(...)` fails for one case is reported like any
# other failed test, with 0 of its points.
#
# Seen: it is not reported at all. unittest hands such failures to `addSubTest`, which the JSON result
# class does not have, and calls neither `addFailure` nor `addSuccess` for the test. So the report holds
# neither its score nor its maximum: the same submission gets 1 of 3 points where the check is a loop with
# plain assertions, and 1 of 1 where it is a loop with `subTest`. Points then fall out of the total and
# nobody is told. Failing once more outside of the `with` brings the test back.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    gradescope-utils==0.5.0

cat > "$folder/expected" <<'SEEN'
plain loop      1 of 3 points, tests: other passed, checked failed
loop of subTest 1 of 1 points, tests: other passed
then a failure  1 of 3 points, tests: other passed, checked failed
SEEN

"$folder/venv/bin/python" - > "$folder/seen" <<'CODE'
import io
import json
import unittest

from gradescope_utils.autograder_utils.decorators import weight
from gradescope_utils.autograder_utils.json_test_runner import JSONTestRunner

SPARSITIES = {"query": 0.5, "key": 0.4}


class Other(unittest.TestCase):
    @weight(1)
    def test_other(self):
        "other"


class PlainLoop(Other):
    @weight(2)
    def test_checked(self):
        "checked"
        for sparsity in SPARSITIES.values():
            self.assertEqual(sparsity, 0.5)


class SubTests(Other):
    @weight(2)
    def test_checked(self):
        "checked"
        for layer, sparsity in SPARSITIES.items():
            with self.subTest(layer=layer):
                self.assertEqual(sparsity, 0.5)


class ThenAFailure(SubTests):
    @weight(2)
    def test_checked(self):
        "checked"
        super().test_checked()
        self.assertEqual(set(SPARSITIES.values()), {0.5})


for name, case in (
    ("plain loop", PlainLoop),
    ("loop of subTest", SubTests),
    ("then a failure", ThenAFailure),
):
    stream = io.StringIO()
    JSONTestRunner(stream=stream).run(unittest.defaultTestLoader.loadTestsFromTestCase(case))
    tests = json.loads(stream.getvalue())["tests"]
    earned, possible = (sum(test[key] for test in tests) for key in ("score", "max_score"))
    listed = sorted(f"{test['name']} {test['status']}" for test in tests)
    print(f"{name:15} {earned:g} of {possible:g} points, tests: {', '.join(listed[::-1])}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
