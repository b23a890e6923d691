#!/usr/bin/env bash
# scipy writes a float32 matrix to a Harwell-Boeing file that it cannot read.
#
# scipy 1.17.1, numpy 2.4.6.
#
# Guess before the run: a sparse float32 matrix comes back from `hb_write` and `hb_read` with the same values,
# as float64, to the digits that float32 has; at worst `hb_write` refuses the type.
#
# Seen: float64 comes back exactly. float32 is written without complaint, in columns one character too narrow
# for the space that the reader needs between two numbers, and wherever a negative value follows another the
# two run together. `hb_read` then ends with an error, so a matrix of positive values comes back, to eight
# digits, and one of weights does not. Converting to float64 before the write costs nothing in this text format.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    scipy==1.17.1 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
weights               float64: the same
weights               float32: cannot be read
their absolute values float64: the same
their absolute values float32: within 1e-6
SEEN

FOLDER="$folder" "$folder/venv/bin/python" - > "$folder/seen" <<'CODE'
import os
import warnings

import numpy as np
import scipy.io
import scipy.sparse

warnings.simplefilter("ignore")
random = np.random.default_rng(0)
weights = random.standard_normal((40, 30)) * (random.random((40, 30)) < 0.2)
path = os.path.join(os.environ["FOLDER"], "weights.hb")
for name, dense in (("weights", weights), ("their absolute values", np.abs(weights))):
    for kind in (np.float64, np.float32):
        matrix = scipy.sparse.csc_array(dense.astype(kind))
        scipy.io.hb_write(path, matrix)
        try:
            back = scipy.io.hb_read(path).toarray()
            same = np.array_equal(back.astype(kind), matrix.toarray())
            said = "the same" if same else "within 1e-6" if np.allclose(back, dense, rtol=1e-6) else "wrong"
        except ValueError:
            said = "cannot be read"
        print(f"{name:21} {kind.__name__}: {said}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
