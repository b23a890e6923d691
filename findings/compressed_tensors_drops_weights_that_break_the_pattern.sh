#!/usr/bin/env bash
# compressed-tensors' 2:4 format drops the weights of a matrix that is not 2:4, and says nothing.
#
# compressed-tensors 0.14.0.1 (the last with this format), torch 2.13.0.
#
# Guess before the run: a matrix with half of its weights gone anywhere has groups of four with three or four kept
# weights, which two places cannot hold: `from_dense` looks for that and raises an error.
#
# Seen: of each four the two largest are written down and the others are lost. The shape, the file and the way back
# look as they should; what comes back has fewer weights, down to those of the dense matrix pruned to 2:4. Where a
# group has one weight or none, a zero is written in its place, which loses nothing. The other format of the package,
# `BitmaskTensor`, takes any pattern and gives back each weight.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6 \
    compressed-tensors==0.14.0.1 transformers==4.57.6 psutil==7.2.2

cat > "$folder/expected" <<'SEEN'
pruned to       kept  Sparse24BitMaskTensor  BitmaskTensor
2:4           32,768                 32,768         32,768
50 %          32,768                 26,636         32,768
90 %           6,554                  6,488          6,554
not at all    65,536                 32,768         65,536
SEEN

"$folder/venv/bin/python" -W ignore - > "$folder/seen" 2> "$folder/log" <<'CODE'
import torch
from compressed_tensors.compressors.sparse_compressors.sparse_24_bitmask import Sparse24BitMaskTensor
from compressed_tensors.compressors.sparse_compressors.sparse_bitmask import BitmaskTensor

torch.set_num_threads(1)
torch.manual_seed(0)
weights = torch.randn(256, 256)


def without(share):
    """The weights with a share of them, the smallest anywhere, set to zero."""
    limit = weights.abs().flatten().kthvalue(int(share * weights.numel())).values
    return torch.where(weights.abs() > limit, weights, 0)


def two_of_four():
    groups = weights.view(-1, 4)
    kept = torch.zeros_like(groups).scatter_(1, groups.abs().topk(2, dim=1).indices, 1)
    return (groups * kept).view_as(weights)


print(f"{'pruned to':12}{'kept':>8}{'Sparse24BitMaskTensor':>23}{'BitmaskTensor':>15}")
for name, matrix in {
    "2:4": two_of_four(),
    "50 %": without(0.5),
    "90 %": without(0.9),
    "not at all": weights,
}.items():
    back = [kind.from_dense(matrix).decompress() for kind in (Sparse24BitMaskTensor, BitmaskTensor)]
    left = [f"{m.count_nonzero():,}" if (m[m != 0] == matrix[m != 0]).all() else "others" for m in back]
    print(f"{name:12}{matrix.count_nonzero():8,}{left[0]:>23}{left[1]:>15}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
