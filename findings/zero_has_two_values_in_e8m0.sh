#!/usr/bin/env bash
# The scale of a block of zeros is NaN in ml_dtypes and a tiny number in torch.
#
# ml_dtypes 0.6.0 (the types of JAX), torch 2.13.0, numpy 2.4.6.
#
# Guess before the run: float8_e8m0fnu, the type of the scales in the MX formats, holds powers of two and has no
# zero; both libraries round 0 to the smallest value they have, as both do with the smallest positive float32.
#
# Seen: the two agree on each positive number tried. 0 becomes NaN in ml_dtypes and 2**-127 in torch; a negative
# number becomes NaN in ml_dtypes and in torch its absolute value. A block of 32 weights that was pruned as a
# whole has the scale 0: what was quantised with ml_dtypes comes back as 32 NaN, with torch as 32 zeros.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    torch==2.13.0 ml_dtypes==0.6.0 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
value          ml_dtypes  torch
1                      1          1
3                      4          4
1e-45           5.88e-39   5.88e-39
0                    nan   5.88e-39
-3                   nan          4
1518 positive numbers: 0 differ
a block of zeros, its scale, and back: nan from ml_dtypes, 0 from torch
SEEN

"$folder/venv/bin/python" -W ignore - > "$folder/seen" <<'CODE'
import ml_dtypes
import numpy as np
import torch


def with_ml_dtypes(values):
    return np.asarray(values, np.float32).astype(ml_dtypes.float8_e8m0fnu).astype(np.float32)


def with_torch(values):
    return torch.tensor(values, dtype=torch.float32).to(torch.float8_e8m0fnu).float().numpy()


print("value          ml_dtypes  torch")
for value in (1, 3, 1e-45, 0, -3):
    print(f"{value:<12} {with_ml_dtypes([value])[0]:11.3g} {with_torch([value])[0]:10.3g}")
positive = [float(2.0**power * part) for power in range(-126, 127) for part in (1, 1.25, 1.4999, 1.5, 1.5001, 1.75)]
differ = (with_ml_dtypes(positive) != with_torch(positive)).sum()
print(f"{len(positive)} positive numbers: {differ} differ")
block = np.zeros(32, np.float32)
back = []
for to_scale in (with_ml_dtypes, with_torch):
    scale = to_scale([np.abs(block).max() / 6])  # 6 is the largest number of FP4
    (number,) = {f"{each:.0f}" for each in (block / scale).astype(ml_dtypes.float4_e2m1fn).astype(np.float32) * scale}
    back.append(number)
print(f"a block of zeros, its scale, and back: {back[0]} from ml_dtypes, {back[1]} from torch")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
