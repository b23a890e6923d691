#!/usr/bin/env bash
# A sparse matrix of JAX loses its last rows where it has more weights than it was said to have.
#
# jax 0.9.0, numpy 2.4.6.
#
# Guess before the run: `nse`, the number of entries that `BCOO.fromdense` and `BCSR.fromdense`
# take, is what they make room for, as shapes are fixed under `jit`: too large a number is filled
# up, and too small a number is an error, or costs the smallest entries.
#
# Seen: too large a number is filled up. With a smaller one the entries are taken in the order of
# the rows until the room is full, whatever their size, and the rest is left out without a word:
# with room for nine tenths of them the last tenth of the rows is empty, outputs of the layer that
# are 0 from then on. That is so under `jit`, where the entries cannot be counted, and without it,
# where they can. Layers that were pruned as one to 90 % do not have a tenth of their weights
# each, so that one number for all of them cuts some. The documentation of `sum_duplicates` says
# that elements are dropped there; that of `fromdense` does not.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    jax==0.9.0 jaxlib==0.9.0 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
1000 entries  room  entries left  largest lost  empty rows, from row
BCOO             1100          1000           0 %           0     -
BCOO             1000          1000           0 %           0     -
BCOO              900           900          89 %          11    89
BCOO              500           500          89 %          50    50
BCOO, jit        1100          1000           0 %           0     -
BCOO, jit        1000          1000           0 %           0     -
BCOO, jit         900           900          89 %          11    89
BCOO, jit         500           500          89 %          50    50
BCSR             1100          1000           0 %           0     -
BCSR             1000          1000           0 %           0     -
BCSR              900           900          89 %          11    89
BCSR              500           500          89 %          50    50
SEEN

JAX_PLATFORMS=cpu "$folder/venv/bin/python" -W error - > "$folder/seen" <<'CODE'
from functools import partial

import jax
import numpy as np
from jax.experimental import sparse

ROWS = 100
random = np.random.default_rng(0)
dense = random.normal(size=(ROWS, 100)).astype(np.float32)
dense[np.abs(dense) < np.quantile(np.abs(dense), 0.9)] = 0
count = np.count_nonzero(dense)
makers = {
    "BCOO": sparse.BCOO.fromdense,
    "BCOO, jit": lambda matrix, nse: jax.jit(partial(sparse.BCOO.fromdense, nse=nse))(matrix),
    "BCSR": sparse.BCSR.fromdense,
}
print(f"{count} entries  room  entries left  largest lost  empty rows, from row")
for name, make in makers.items():
    for room in (1100, 1000, 900, 500):
        back = np.asarray(make(dense, nse=room).todense())
        assert np.array_equal(back[back != 0], dense[back != 0])
        lost = np.abs(dense[back == 0]).max() / np.abs(dense).max()
        empty = np.flatnonzero(~back.any(axis=1))
        first = f"{empty[0]:6}" if len(empty) else "     -"
        print(
            f"{name:13}{room:8}{np.count_nonzero(back):14}{100 * lost:12.0f} %"
            f"{len(empty):12}{first}"
        )
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
