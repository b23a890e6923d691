#!/usr/bin/env bash
# Code that two processes have cached with numba may call each other's functions in a third.
#
# numba 0.68.1, llvmlite 0.50.0, numpy 2.4.6.
#
# Guess before the run: `cache=True` keeps what a function compiles to, together with all that it calls;
# loading two such functions gives what each of them gives alone.
#
# Seen: a function that a factory makes for each number (here a sum that depends on k; in a sparse kernel
# a row product for each length of a vector) gets a name and a number that is counted from 1 on in each
# process. Two modules, each compiled in a process of its own, then hold different functions of the same
# name and number. A third process that loads both keeps the first of them and calls it for the other as
# well: which answers are wrong depends on what was called first, and nothing is said. Whoever compiles
# both in one process never sees it (https://github.com/numba/numba/issues/10486, open).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    numba==0.68.1 llvmlite==0.50.0 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
both in a new process, squares first: squares as alone, cubes as squares
both in a new process, cubes first: squares as cubes, cubes as alone
SEEN

cd "$folder"
cat > factory.py <<'CODE'
import math

from numba import njit


def power_sums(k):
    # Long enough not to be compiled into whoever calls it.
    @njit
    def total(values):
        found = 0.0
        for value in values:
            a = math.exp(value) + math.sin(value) ** k
            b = math.log1p(abs(value)) + math.cos(value) ** k
            for _ in range(3):
                if a > b:
                    a, b = math.sqrt(a), b + math.tanh(a)
                else:
                    a, b = a + math.atan(b), math.sqrt(b)
            found += k * (a - b)
        return found

    return total
CODE
for module in "squares 2" "cubes 3"; do
    set -- $module
    cat > "$1.py" <<CODE
from factory import power_sums
from numba import njit

total = power_sums($2)


@njit(cache=True)
def run(values):
    return total(values) + total(values[1:]) + total(values[2:])
CODE
done
cat > ask.py <<'CODE'
import importlib
import sys

import numpy as np

for name in sys.argv[1:]:
    print(importlib.import_module(name).run(np.arange(1.0, 5.0)))
CODE
export NUMBA_CACHE_DIR="$folder/cache"
{
    echo squares "$(venv/bin/python ask.py squares)" # each compiles in a process of its own
    echo cubes "$(venv/bin/python ask.py cubes)"
    echo squares-first $(venv/bin/python ask.py squares cubes)
    echo cubes-first $(venv/bin/python ask.py cubes squares)
} | venv/bin/python -c '
import sys

alone = {}
for line in sys.stdin:
    name, *values = line.split()
    if len(values) == 1:
        alone[values[0]] = name
        continue
    order = ["squares", "cubes"] if name == "squares-first" else ["cubes", "squares"]
    found = {n: alone[v] for n, v in zip(order, values, strict=True)}
    said = [f"{n} as " + ("alone" if found[n] == n else found[n]) for n in ("squares", "cubes")]
    print(f"both in a new process, {order[0]} first: " + ", ".join(said))
' > seen
diff expected seen
cat seen
