#!/usr/bin/env bash
# For PyBryt a set of three numbers is right where it has three numbers.
#
# pybryt 0.7.0, numpy 2.4.6.
#
# Guess before the run: `pybryt.Value(x)` is satisfied by a variable of the student's that equals
# x; with `atol` and `rtol`, which its documentation has for numbers, arrays and the like, by one
# that is so near. None are given here, so that it is a matter of `==`.
#
# Seen: sets and dicts whose elements are numbers go through a comparison of each pair that is
# never carried out: a generator is made into an array of one object, and that object is true. Any
# set of as many numbers is right, and any dict at all, the empty one, too. Lists go through
# numpy's `allclose`, which repeats a single number until it fits, so that one zero is as good as
# four. With text in them sets and dicts are compared. An answer "rows 3, 5 and 7 are pruned, half
# of the first layer and three quarters of the second" is graded by its form alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    pybryt==0.7.0 numpy==2.4.6 pandas==3.1.1 ipykernel==7.4.0

cat > "$folder/expected" <<'SEEN'
reference              student                equal   satisfied
{3, 5, 7}              {3, 5, 7}              True    True
{3, 5, 7}              {1, 2, 4}              False   True
{3, 5, 7}              {1, 2}                 False   False
{0: 0.5, 1: 0.75}      {0: 0.5, 1: 0.75}      True    True
{0: 0.5, 1: 0.75}      {0: 0.9, 1: 0.1}       False   True
{0: 0.5, 1: 0.75}      {4: 2.0}               False   True
{0: 0.5, 1: 0.75}      {}                     False   True
[0.0, 0.0, 0.0, 0.0]   [0.0, 0.0, 0.0, 0.0]   True    True
[0.0, 0.0, 0.0, 0.0]   [0.0]                  False   True
[0.0, 0.0, 0.0, 0.0]   [0.0, 0.0]             False   False
{'q', 'k', 'v'}        {'q', 'k', 'v'}        True    True
{'q', 'k', 'v'}        {'q', 'k', 'o'}        False   False
{'q': 0.5}             {'q': 0.5}             True    True
{'q': 0.5}             {'q': 0.6}             False   False

notebook with            graded as a whole
the right answers        correct
the wrong ones of them   correct
SEEN

cd "$folder"
"$folder/venv/bin/python" -W ignore - > "$folder/seen" 2> "$folder/log" <<'CODE'
import pybryt
from nbformat.v4 import new_code_cell, new_notebook

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
ANSWERS = {
    "{3, 5, 7}": ("{3, 5, 7}", "{1, 2, 4}", "{1, 2}"),
    "{0: 0.5, 1: 0.75}": ("{0: 0.5, 1: 0.75}", "{0: 0.9, 1: 0.1}", "{4: 2.0}", "{}"),
    "[0.0, 0.0, 0.0, 0.0]": ("[0.0, 0.0, 0.0, 0.0]", "[0.0]", "[0.0, 0.0]"),
    "{'q', 'k', 'v'}": ("{'q', 'k', 'v'}", "{'q', 'k', 'o'}"),
    "{'q': 0.5}": ("{'q': 0.5}", "{'q': 0.6}"),
}

print(f"{'reference':23}{'student':23}equal   satisfied")
for reference, students in ANSWERS.items():
    wanted = pybryt.Value(eval(reference))
    for student in students:
        print(
            f"{reference:23}{student:23}{str(eval(reference) == eval(student)):8}"
            f"{wanted.check_against(eval(student))}"
        )

print()
print("notebook with            graded as a whole")
whole = [pybryt.Value(eval(reference), name=reference) for reference in list(ANSWERS)[:2]]
exercise = pybryt.ReferenceImplementation("exercise", whole)
for name, number in {"the right answers": 0, "the wrong ones of them": 1}.items():
    rows, shares = (students[number] for students in list(ANSWERS.values())[:2])
    lines = (f"rows = {rows}", f"shares = {shares}", "return rows, shares")
    code = "\n    ".join(("def answer():", *lines)) + "\nanswer();"
    notebook = new_notebook(cells=[new_code_cell(code)], metadata=KERNEL)
    result = pybryt.StudentImplementation(notebook).check(exercise)
    print(f"{name:25}{'correct' if result.correct else 'wrong'}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
