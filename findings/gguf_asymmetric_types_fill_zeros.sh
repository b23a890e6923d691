#!/usr/bin/env bash
# A pruned matrix does not stay pruned in every GGUF type.
#
# gguf 0.19.0 (the Python package of llama.cpp's format), numpy 2.4.6.
#
# Guess before the run: every quantised type keeps exact zeros, as Q8_0 does, since a zero is the one
# value that each scheme can hold; a model pruned to 90 % stays at 90 %.
#
# Seen: Q8_0, Q4_0, Q5_0 and MXFP4 keep each zero. Q4_1 and Q5_1 store a scale and a minimum for each
# block of 32, value = scale * code + minimum, and 0 is such a value only where the minimum is 0, that
# is in blocks without a negative weight. At 50 % sparsity hardly a zero is left, at 90 % one in five,
# about the 0.95^32 = 19 % of blocks that have no negative weight. What a pruned checkpoint gains in
# later sparse storage is lost in such a file, and without a word.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check gguf==0.19.0 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
type   zeros at 50 %  at 90 %  at 99 %
before        0.500    0.900    0.990
Q8_0          0.500    0.900    0.990
Q4_0          0.500    0.900    0.990
Q5_0          0.500    0.900    0.990
MXFP4         0.500    0.900    0.990
Q4_1          0.001    0.195    0.857
Q5_1          0.002    0.191    0.852
SEEN

"$folder/venv/bin/python" - > "$folder/seen" <<'CODE'
import numpy as np
from gguf import GGMLQuantizationType, quants

weights = np.random.default_rng(0).standard_normal((1024, 1024), dtype=np.float32) * 0.02


def pruned(sparsity):
    order = np.argsort(np.abs(weights), axis=None, kind="stable")
    result = weights.copy()
    result.flat[order[: round(sparsity * weights.size)]] = 0
    return result


matrices = [pruned(sparsity) for sparsity in (0.5, 0.9, 0.99)]
print("type   zeros at 50 %  at 90 %  at 99 %")
for name in ("before", "Q8_0", "Q4_0", "Q5_0", "MXFP4", "Q4_1", "Q5_1"):
    shares = []
    for matrix in matrices:
        if name != "before":
            kind = GGMLQuantizationType[name]
            matrix = quants.dequantize(quants.quantize(matrix, kind), kind)
        shares.append((matrix == 0).mean())
    print(f"{name:6} {shares[0]:12.3f} {shares[1]:8.3f} {shares[2]:8.3f}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
