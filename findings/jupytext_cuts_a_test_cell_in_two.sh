#!/usr/bin/env bash
# A comment in a test cell of nbgrader takes the tests below it out of the grade.
#
# jupytext 1.19.6, nbformat 5.10.4.
#
# Guess before the run: jupytext writes a notebook as a script and reads the same cells back, "round trip" in its
# docs: a line of a cell that looks like the start of a cell is escaped, as the light format does with its own.
#
# Seen: light, markdown, MyST and R Markdown give the cell back. Percent, the format that most editors read, does
# not escape: at `# %%`, and at `# In[3]:`, which is how nbconvert writes scripts, the cell is cut in two.
# The first half keeps nbgrader's metadata; the second has none, so that its tests are neither locked nor graded.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check jupytext==1.19.6 nbformat==5.10.4

cat > "$folder/expected" <<'SEEN'
            a comment         # %% harder ones  # In[3]:          # + harder ones
py:light    1 graded          1 graded          1 graded          1 graded
md          1 graded          1 graded          1 graded          1 graded
md:myst     1 graded          1 graded          1 graded          1 graded
Rmd         1 graded          1 graded          1 graded          1 graded
py:percent  1 graded          1 graded, 1 not   1 graded, 1 not   1 graded
SEEN

"$folder/venv/bin/python" - > "$folder/seen" <<'CODE'
import jupytext
from nbformat import v4

GRADED = {
    "grade": True,
    "grade_id": "tests",
    "locked": True,
    "points": 2,
    "schema_version": 3,
    "solution": False,
    "task": False,
}
COMMENTS = {
    "a comment": "# harder ones",
    "# %% harder ones": "# %% harder ones",
    "# In[3]:": "# In[3]:",
    "# + harder ones": "# + harder ones",
}
print(("            " + "".join(f"{name:18}" for name in COMMENTS)).rstrip())
for form in ("py:light", "md", "md:myst", "Rmd", "py:percent"):
    words = []
    for comment in COMMENTS.values():
        tests = f"assert count([0, 1]) == 1\n{comment}\nassert count([]) == 0"
        notebook = v4.new_notebook(
            cells=[v4.new_code_cell(tests, metadata={"nbgrader": GRADED})],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        )
        cells = jupytext.reads(jupytext.writes(notebook, fmt=form), fmt=form).cells
        graded = [cell for cell in cells if cell.metadata.get("nbgrader") == GRADED]
        if len(cells) == 1:
            assert cells[0].source == tests
        rest = len(cells) - len(graded)
        words.append(f"{len(graded)} graded" + (f", {rest} not" if rest else ""))
    print((f"{form:12}" + "".join(f"{word:18}" for word in words)).rstrip())
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
