#!/usr/bin/env bash
# scipy writes a float16 matrix to a Matrix Market file as whole numbers, most weights of a model as 0.
#
# scipy 1.17.1, numpy 2.4.6, ml_dtypes 0.6.0.
#
# Guess before the run: `mmwrite` takes any real matrix and writes values that `mmread` gives back, or it refuses
# a type that it does not know, as `scipy.sparse` refuses float16. Its documentation names no types and says
# that `field` is one of 'real', 'complex', 'pattern' and 'integer'.
#
# Seen: float16 and bfloat16, in which models are stored, are cut to whole numbers and marked "integer" in the file,
# without a warning. Weights of a usual size come back as zeros: half of these are pruned, and after the round trip
# 99.95 % are 0. Long doubles keep 6 digits after the point, so that a small one is 0 as well. `field="real"` or
# `.astype(np.float32)` avoids all three.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    scipy==1.17.1 numpy==2.4.6 ml_dtypes==0.6.0

cat > "$folder/expected" <<'SEEN'
           field     in the file  sparsity  first row begins with
float64    -         real           0.4998  2.75 0 -1.5 3e-07
float64    real      real           0.4998  2.75 0 -1.5 3e-07
float32    -         real           0.4998  2.75 0 -1.5 3e-07
float32    real      real           0.4998  2.75 0 -1.5 3e-07
float16    -         integer        0.9995  2 0 -1 0
float16    real      real           0.4998  2.75 0 -1.5 2.98023e-07
bfloat16   -         integer        0.9995  2 0 -1 0
bfloat16   real      real           0.4998  2.75 0 -1.5 2.99886e-07
longdouble -         real           0.5000  2.75 0 -1.5 0
longdouble real      real           0.4998  2.75 0 -1.5 3e-07
SEEN

"$folder/venv/bin/python" -W error - > "$folder/seen" <<'CODE'
import io

import ml_dtypes
import numpy as np
import scipy.io

weights = np.random.default_rng(0).normal(0, 0.05, (64, 64))
weights[:, ::2] = 0  # half of the weights are pruned
weights[0, :4] = (2.75, 0, -1.5, 3e-7)
NAMES = {
    "float64": np.float64,
    "float32": np.float32,
    "float16": np.float16,
    "bfloat16": ml_dtypes.bfloat16,
    "longdouble": np.longdouble,
}
print(f"{'':10} {'field':9} {'in the file':12} {'sparsity':>8}  first row begins with")
for name, kind in NAMES.items():
    for options in ({}, {"field": "real"}):
        file = io.BytesIO()
        scipy.io.mmwrite(file, weights.astype(kind), **options)
        file.seek(0)
        field = scipy.io.mminfo(file)[4]
        file.seek(0)
        back = scipy.io.mmread(file)
        row = " ".join(f"{value:g}" for value in back[0, :4])
        print(f"{name:10} {options.get('field', '-'):9} {field:12} {(back == 0).mean():8.4f}  {row}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
