#!/usr/bin/env bash
# bitsandbytes turns zeros into small weights when it stores them in 8 bits on a CPU.
#
# bitsandbytes 0.50.2, torch 2.13.0.
#
# Guess before the run: the table of 256 values that `quantize_blockwise` takes numbers from has an exact 0 ("dynamic
# tree quantisation", Dettmers et al. 2022, "8-bit Optimizers via Block-wise Quantization"), each number gets the
# nearest value of the table, so zeros stay zeros and the kept weights of a pruned matrix are all that is left.
#
# Seen: the table has its 0, at place 127, and a 0 beside weights is stored as place 131, which stands for 0.00002125
# of the block's largest magnitude: seven values of the table are nearer. Zeros are zeros only in blocks that hold
# nothing else. So a pruned matrix comes back without its zeros; a sum over many of them is off to one side.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6 bitsandbytes==0.50.2

cat > "$folder/expected" <<'SEEN'
0 is place 127 of the table, between -5.50e-07 and 5.50e-07
 0.000 is stored as place 131, 2.125e-05; the nearest is place 127, 0.000e+00
 1.000 is stored as place 255, 1.000e+00; the nearest is place 255, 1.000e+00
-0.500 is stored as place  35, -5.008e-01; the nearest is place  35, -5.008e-01
 0.001 is stored as place 142, 9.438e-04; the nearest is place 142, 9.438e-04
50% zeros, 0% of the blocks empty: 0% zeros come back
90% zeros, 0% of the blocks empty: 0% zeros come back
99% zeros, 8% of the blocks empty: 8% zeros come back
SEEN

"$folder/venv/bin/python" -W ignore - > "$folder/seen" 2> "$folder/log" <<'CODE'
import bitsandbytes.functional as bnb
import torch

torch.set_num_threads(1)
torch.manual_seed(0)
table = bnb.create_dynamic_map()
print(f"0 is place {int((table == 0).nonzero())} of the table, between {table[126]:.2e} and {table[128]:.2e}")

numbers = torch.tensor([0.0, 1.0, -0.5, 0.001] * 64)
places, state = bnb.quantize_blockwise(numbers, blocksize=256)
back = bnb.dequantize_blockwise(places, state)
for number, place, found in zip(numbers[:4], places[:4], back[:4], strict=True):
    nearest = (table - number).abs().argmin()
    print(f"{number:6.3f} is stored as place {place:3}, {found:.3e}; the nearest is place {nearest:3}, {table[nearest]:.3e}")

weights = 0.02 * torch.randn(256, 256)
for zeros in (0.5, 0.9, 0.99):
    limit = weights.abs().flatten().kthvalue(int(zeros * weights.numel())).values
    pruned = torch.where(weights.abs() > limit, weights, 0)
    empty = (pruned.view(-1, 256) == 0).all(dim=1).float().mean()
    back = bnb.dequantize_blockwise(*bnb.quantize_blockwise(pruned, blocksize=256))
    print(f"{zeros:.0%} zeros, {empty:.0%} of the blocks empty: {(back == 0).float().mean():.0%} zeros come back")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
