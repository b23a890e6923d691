#!/usr/bin/env bash
# pyarrow turns a scipy matrix with repeated entries into a different matrix.
#
# pyarrow 26.0.1, scipy 1.17.1, numpy 2.4.6.
#
# Guess before the run: scipy's COO and CSR may name a place more than once and mean the sum; pyarrow takes such
# matrices with `from_scipy`, so its dense tensor holds the sums too, or it refuses them.
#
# Seen: it takes them, and for COO even notes `has_canonical_format` False. `to_scipy` gives the sums back, but
# `to_tensor` writes entry after entry into the dense matrix, so that the last one stays. Gradients of an embedding
# and edges of a graph come with such repeats. `matrix.sum_duplicates()` before the hand-over avoids it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    pyarrow==26.0.1 scipy==1.17.1 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
      form                                 row 0            row 1
COO   scipy                                [0.0, 6.0, 0.0]  [0.0, 0.0, 5.0]
COO   pyarrow, to_scipy                    [0.0, 6.0, 0.0]  [0.0, 0.0, 5.0]
COO   pyarrow, to_tensor                   [0.0, 3.0, 0.0]  [0.0, 0.0, 5.0]
COO   sum_duplicates, pyarrow, to_tensor   [0.0, 6.0, 0.0]  [0.0, 0.0, 5.0]
CSR   scipy                                [0.0, 6.0, 0.0]  [0.0, 0.0, 5.0]
CSR   pyarrow, to_scipy                    [0.0, 6.0, 0.0]  [0.0, 0.0, 5.0]
CSR   pyarrow, to_tensor                   [0.0, 3.0, 0.0]  [0.0, 0.0, 5.0]
CSR   sum_duplicates, pyarrow, to_tensor   [0.0, 6.0, 0.0]  [0.0, 0.0, 5.0]
CSC   scipy                                [0.0, 6.0, 0.0]  [0.0, 0.0, 5.0]
CSC   pyarrow, to_scipy                    [0.0, 6.0, 0.0]  [0.0, 0.0, 5.0]
CSC   pyarrow, to_tensor                   [0.0, 3.0, 0.0]  [0.0, 0.0, 5.0]
CSC   sum_duplicates, pyarrow, to_tensor   [0.0, 6.0, 0.0]  [0.0, 0.0, 5.0]
SEEN

"$folder/venv/bin/python" - > "$folder/seen" <<'CODE'
import warnings

import numpy as np
import pyarrow as pa
import scipy.sparse

warnings.simplefilter("ignore")  # pyarrow calls its sparse tensors experimental
values = np.array([1.0, 2.0, 3.0, 5.0])  # three entries at (0, 1), one at (1, 2)
FORMS = {
    "COO": (
        pa.SparseCOOTensor,
        lambda: scipy.sparse.coo_array((values.copy(), ([0, 0, 0, 1], [1, 1, 1, 2])), shape=(2, 3)),
    ),
    "CSR": (
        pa.SparseCSRMatrix,
        lambda: scipy.sparse.csr_array((values.copy(), [1, 1, 1, 2], [0, 3, 4]), shape=(2, 3)),
    ),
    "CSC": (
        pa.SparseCSCMatrix,
        lambda: scipy.sparse.csc_array((values.copy(), [0, 0, 0, 1], [0, 0, 3, 4]), shape=(2, 3)),
    ),
}
print(f"      {'form':36} {'row 0':16} row 1")
for name, (kind, make) in FORMS.items():
    tensor, summed = kind.from_scipy(make()), make()
    summed.sum_duplicates()
    for form, dense in {
        "scipy": make().toarray(),
        "pyarrow, to_scipy": tensor.to_scipy().toarray(),
        "pyarrow, to_tensor": tensor.to_tensor().to_numpy(),
        "sum_duplicates, pyarrow, to_tensor": kind.from_scipy(summed).to_tensor().to_numpy(),
    }.items():
        rows = [str(row.tolist()) for row in dense]
        print(f"{name:5} {form:36} {rows[0]:16} {rows[1]}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
