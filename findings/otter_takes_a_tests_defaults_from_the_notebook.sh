#!/usr/bin/env bash
# Otter-Grader replaces the defaults of a test's parameters: by None, or by what the student calls so.
#
# otter-grader 7.0.0.
#
# Guess before the run: a test case may be a function with parameters; a parameter that has a default and is not the
# answer, like `tolerance=0.01`, keeps the default.
#
# Seen: each parameter is looked up in the student's notebook and is None where it is not there. The default never
# counts. So the right answer gets 0 points with a TypeError, and in a notebook that happens to have a variable
# `tolerance` for its own plots and checks the test takes that one: 0.504 fails for 0.5 without a word of why. The
# documentation of `call_func` says that parameters come from the global environment, "defaulting to `None`", and
# nothing of defaults that they have. Numbers of the test belong into its body.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    otter-grader==7.0.0

cat > "$folder/expected" <<'SEEN'
in the notebook                       tolerance=0.01  a number  of 2 points
sparsity = 0.504                                   0         2  TypeError
sparsity = 0.504; tolerance = 0.001                0         2
SEEN

cd "$folder"
mkdir tests
cat > tests/defaults.py <<'TEST'
from otter.test_files import test_case

OK_FORMAT = False
name = "defaults"
points = 2


@test_case()
def test_half(sparsity, tolerance=0.01):
    assert abs(sparsity - 0.5) <= tolerance
TEST
sed 's/sparsity, tolerance=0.01/sparsity/; s/<= tolerance/<= 0.01/; s/"defaults"/"no_defaults"/' \
    tests/defaults.py > tests/no_defaults.py
"$folder/venv/bin/python" - > "$folder/seen" <<'CODE'
import otter

print(f"{'in the notebook':37}{'tolerance=0.01':>15}{'a number':>10}  of 2 points")
for notebook in (
    "sparsity = 0.504",
    "sparsity = 0.504; tolerance = 0.001",
):
    variables = {}
    exec(notebook, variables)
    grader = otter.Notebook(tests_dir="tests")
    results = [grader.check(test, global_env=variables) for test in ("defaults", "no_defaults")]
    error = "TypeError" if "TypeError" in str(results[0]) else ""
    print(f"{notebook:37}{results[0].score:15g}{results[1].score:10g}  {error}".rstrip())
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
