#!/usr/bin/env bash
# The variance of a large float16 array is exactly 0 in sparse.
#
# sparse 0.19.3, numpy 2.4.6.
#
# Guess before the run: `var` and `std` of a sparse.COO are those of the dense array, for float16 as well, since
# `mean` agrees there: it computes in float32 in between, as numpy does.
#
# Seen: from 65520 entries on, zeros included, `var` and `std` are 0: the number of entries is turned into float16,
# where it is infinite, and the sum of squares is divided by it. The mean stays right. A pruning threshold
# that is set at so many standard deviations is 0 then. `array.astype("float32").var()` is right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    sparse==0.19.3 numba==0.68.1 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
        entries  numpy std  sparse std  sparse std, float32 first
          65519     0.0221      0.0221                     0.0221
          65520     0.0221      0.0000                     0.0221
         100000     0.0221      0.0000                     0.0221
SEEN

"$folder/venv/bin/python" -W ignore - > "$folder/seen" <<'CODE'
import numpy as np
import sparse

print("        entries  numpy std  sparse std  sparse std, float32 first")
for count in (65519, 65520, 100000):
    dense = np.zeros(count, np.float16)
    dense[::4], dense[1::4] = 1 / 32, -1 / 32  # half of it is zero, and the rest small as weights are
    array = sparse.COO.from_numpy(dense)
    stds = [float(each) for each in (dense.std(), array.std(), array.astype("float32").std())]
    print(f"{count:15} {stds[0]:10.4f} {stds[1]:11.4f} {stds[2]:26.4f}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
