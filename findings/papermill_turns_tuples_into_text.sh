#!/usr/bin/env bash
# A parameter that is a tuple reaches the notebook as text, and the record of the run says otherwise.
#
# papermill 2.7.0, nbformat 5.10.4.
#
# Guess before the run: `execute_notebook(..., parameters={"levels": (0.5, 0.9)})` sets `levels = (0.5, 0.9)`, or a
# list, or refuses what JSON does not have; and a dictionary keeps its keys.
#
# Seen: a list arrives as it is. A tuple becomes a string, alone or in a list or a dictionary, and keys that are
# numbers become strings. Nothing is said: a loop over the levels runs over characters, and a look-up by number
# misses. The metadata of the same notebook, kept as the record of what it was run with, lists the numbers.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check papermill==2.7.0 nbformat==5.10.4

cat > "$folder/expected" <<'SEEN'
given             in the notebook       in its metadata
[0.5, 0.9]        [0.5, 0.9]            [0.5, 0.9]
(0.5, 0.9)        "(0.5, 0.9)"          [0.5, 0.9]
[(2, 4), (4, 8)]  ["(2, 4)", "(4, 8)"]  [[2, 4], [4, 8]]
{'nm': (2, 4)}    {"nm": "(2, 4)"}      {'nm': [2, 4]}
{0.5: 'half'}     {"0.5": "half"}       {'0.5': 'half'}
SEEN

FOLDER="$folder" "$folder/venv/bin/python" -W ignore - > "$folder/seen" <<'CODE'
import logging
import os

import nbformat
import papermill

logging.disable(logging.CRITICAL)
given = {
    "a": [0.5, 0.9],
    "b": (0.5, 0.9),
    "c": [(2, 4), (4, 8)],
    "d": {"nm": (2, 4)},
    "e": {0.5: "half"},
}
notebook = nbformat.v4.new_notebook(
    cells=[nbformat.v4.new_code_cell("a = []", metadata={"tags": ["parameters"]})],
    metadata={
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
    },
)
before, after = (os.path.join(os.environ["FOLDER"], file) for file in ("before.ipynb", "after.ipynb"))
nbformat.write(notebook, before)
# prepare_only writes the notebook that would run, so that no kernel is needed
papermill.execute_notebook(before, after, parameters=given, prepare_only=True, progress_bar=False)
run = nbformat.read(after, 4)
lines = dict(line.split(" = ", 1) for line in run.cells[1].source.splitlines() if " = " in line)
print("given             in the notebook       in its metadata")
for name, value in given.items():
    print(f"{value!s:17} {lines[name]:21} {run.metadata.papermill.parameters[name]}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
