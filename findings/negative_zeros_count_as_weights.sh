#!/usr/bin/env bash
# Half of the zeros of a masked matrix count as weights in some sparse formats.
#
# sparse 0.19.3, pyarrow 26.0.1, scipy 1.17.1, numpy 2.4.6.
#
# Guess before the run: a sparse format made from a dense array leaves out what equals zero, -0.0
# included, whatever the format and the float type.
#
# Seen: `weight * mask` writes -0.0 for each negative weight that it removes. scipy's CSR, sparse's DOK and
# pyarrow's COO, CSR and CSC tensors leave these out. sparse's COO and GCXS keep every one, as do pyarrow's CSF
# tensor and, for float16 alone, its COO, CSR and CSC, as if bits were compared and not values. A
# matrix at 90 % sparsity then holds 5.5 times the entries that it should and reads as 55 % dense. Adding 0.0
# to the matrix, or numpy.where(mask, weight, 0), gives plain zeros.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    sparse==0.19.3 pyarrow==26.0.1 scipy==1.17.1 numba==0.68.1 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
entries of 250000, 10 % kept  float32 * mask  plain zeros  float16 * mask  plain zeros
scipy CSR                                10%          10%         refused      refused
sparse DOK                               10%          10%             10%          10%
sparse COO                               55%          10%             55%          10%
sparse GCXS                              55%          10%         refused      refused
pyarrow COO                              10%          10%             55%          10%
pyarrow CSR                              10%          10%             55%          10%
pyarrow CSC                              10%          10%             55%          10%
pyarrow CSF                              55%          10%             55%          10%
SEEN

"$folder/venv/bin/python" - > "$folder/seen" <<'CODE'
import warnings

import numpy as np
import pyarrow as pa
import scipy.sparse
import sparse

warnings.simplefilter("ignore")  # pyarrow calls its sparse tensors experimental
weights = np.random.default_rng(0).standard_normal((500, 500))
mask = np.abs(weights) > np.quantile(np.abs(weights), 0.9)

COUNTS = {
    "scipy CSR": lambda matrix: scipy.sparse.csr_array(matrix).nnz,
    "sparse DOK": lambda matrix: sparse.DOK.from_numpy(matrix).nnz,
    "sparse COO": lambda matrix: sparse.COO.from_numpy(matrix).nnz,
    "sparse GCXS": lambda matrix: sparse.GCXS.from_numpy(matrix).nnz,
    "pyarrow COO": lambda matrix: pa.SparseCOOTensor.from_dense_numpy(matrix).non_zero_length,
    "pyarrow CSR": lambda matrix: pa.SparseCSRMatrix.from_dense_numpy(matrix).non_zero_length,
    "pyarrow CSC": lambda matrix: pa.SparseCSCMatrix.from_dense_numpy(matrix).non_zero_length,
    "pyarrow CSF": lambda matrix: pa.SparseCSFTensor.from_dense_numpy(matrix).non_zero_length,
}
print("entries of 250000, 10 % kept  float32 * mask  plain zeros  float16 * mask  plain zeros")
for name, count in COUNTS.items():
    cells = []
    for kind in (np.float32, np.float16):
        masked = weights.astype(kind) * mask
        for matrix in (masked, masked + kind(0)):
            try:
                cells.append(f"{count(matrix) / matrix.size:.0%}")
            except (NotImplementedError, ValueError):
                cells.append("refused")
    print(f"{name:28} {cells[0]:>15} {cells[1]:>12} {cells[2]:>15} {cells[3]:>12}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
