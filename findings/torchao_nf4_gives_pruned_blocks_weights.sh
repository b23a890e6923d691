#!/usr/bin/env bash
# A block of zeros that torchao stores as NF4 comes back full of weights.
#
# torchao 0.17.0, torch 2.13.0.
#
# Guess before the run: NF4 has an exact 0 among its 16 values (Dettmers et al. 2023, "QLoRA", section 3), so a pruned
# matrix stays pruned: every zero comes back as zero, and at 99 % zeros most blocks of 64 hold nothing else.
#
# Seen: a block is divided by its largest magnitude, which is 0 in a block of zeros, and no value of the table is the
# nearest to 0 / 0: it takes the first, which is -1. The scale, which should make that 0, is itself stored in 8 bits
# with the mean of all scales taken off, and comes back as a little more than 0. All zeros of such blocks become the
# same small negative numbers: of 99 % zeros half are left, and counting weights that are not 0 finds fifty times as
# many as were kept. Zeros beside a weight stay zeros. bitsandbytes, which stores the same type, keeps all zeros.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 torchao==0.17.0 numpy==2.4.6 \
    bitsandbytes==0.50.2

cat > "$folder/expected" <<'SEEN'
53% of the blocks hold zeros only
                    zeros  weights  in empty blocks  all negative  beside kept ones
pruned                99%      656                0             -                 0
bitsandbytes, NF4     99%      656                0             -                 0
torchao, NF4          46%   35,664           35,008           yes                 0
SEEN

"$folder/venv/bin/python" -W ignore - > "$folder/seen" 2> "$folder/log" <<'CODE'
import bitsandbytes.functional as bnb
import torch
from torchao.dtypes.nf4tensor import to_nf4

torch.set_num_threads(1)
torch.manual_seed(0)
BLOCK = 64
weights = 0.02 * torch.randn(256, 256)
limit = weights.abs().flatten().kthvalue(int(0.99 * weights.numel())).values
pruned = torch.where(weights.abs() > limit, weights, 0)
empty = (pruned.view(-1, BLOCK) == 0).all(dim=1)

ways = {
    "pruned": pruned,
    "bitsandbytes, NF4": bnb.dequantize_4bit(*bnb.quantize_4bit(pruned, blocksize=BLOCK, quant_type="nf4")),
    "torchao, NF4": to_nf4(pruned, BLOCK, 256).get_original_weight(),
}
print(f"{empty.float().mean():.0%} of the blocks hold zeros only")
print(f"{'':18}{'zeros':>7}{'weights':>9}{'in empty blocks':>17}{'all negative':>14}{'beside kept ones':>18}")
for name, matrix in ways.items():
    blocks = matrix.reshape(-1, BLOCK)
    inside, beside = blocks[empty], blocks[~empty][pruned.view(-1, BLOCK)[~empty] == 0]
    found = inside[inside != 0]
    negative = "-" if not len(found) else "yes" if (found < 0).all() else "no"
    print(
        f"{name:18}{(matrix == 0).float().mean():7.0%}{matrix.count_nonzero():9,}"
        f"{len(found):17,}{negative:>14}{beside.count_nonzero():18,}"
    )
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
