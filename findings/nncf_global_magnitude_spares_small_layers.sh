#!/usr/bin/env bash
# NNCF's global magnitude pruning leaves small layers alone.
#
# nncf 3.4.0, torch 2.13.0.
#
# Guess before the run: UNSTRUCTURED_MAGNITUDE_GLOBAL makes the smallest weights of all layers
# zero, as `global_unstructured` of torch does, or divides each by what is usual in its layer
# before it compares. Layers whose weights are drawn alike lose the same share.
#
# Seen: each weight is divided by the norm of its whole tensor, which grows with the number of
# weights. A weight in a layer of 512 * 512 counts 16 times less than the same one in a layer of
# 32 * 32. At half of all weights the large layer loses 53 % and the small ones 3 and 5 %; at 90 %
# the small ones still keep about 9 of 10. Dividing by the standard deviation, which does not
# grow, gives 50 % each. The order of the layers by sparsity is that of their sizes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    nncf==3.4.0 torch==2.13.0 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
zeros of all  compared                    32*32    512*32    512*512     4*512
        30 %  NNCF                           1 %       8 %      32 %       2 %
        30 %  |w|                           31 %      30 %      30 %      28 %
        30 %  |w| / norm of tensor           1 %       8 %      32 %       2 %
        30 %  |w| / standard deviation      31 %      30 %      30 %      29 %
        50 %  NNCF                           3 %      14 %      53 %       5 %
        50 %  |w|                           51 %      50 %      50 %      49 %
        50 %  |w| / norm of tensor           3 %      14 %      53 %       5 %
        50 %  |w| / standard deviation      50 %      50 %      50 %      50 %
        90 %  NNCF                           9 %      37 %      94 %      12 %
        90 %  |w|                           91 %      90 %      90 %      89 %
        90 %  |w| / norm of tensor           9 %      37 %      94 %      12 %
        90 %  |w| / standard deviation      90 %      90 %      90 %      90 %
SEEN

"$folder/venv/bin/python" -W ignore - > "$folder/seen" 2> "$folder/log" <<'CODE'
import torch
from torch import nn
from torch.nn.utils import prune

import nncf

torch.set_num_threads(1)
nncf.set_log_level(40)
SHAPES = ((32, 32), (512, 32), (512, 512), (4, 512))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(*(nn.Linear(width, rows) for rows, width in SHAPES))
        for layer in self.layers:
            nn.init.normal_(layer.weight, std=0.05)

    def forward(self, inputs):
        return self.layers(inputs)


def by_nncf(ratio):
    mode = nncf.PruneMode.UNSTRUCTURED_MAGNITUDE_GLOBAL
    model = nncf.prune(Model(), mode, ratio=ratio, examples_inputs=torch.ones(1, 32))
    tensors = nncf.pruning_statistic(model).pruned_tensors
    return [tensor.pruned_ratio for tensor in sorted(tensors, key=lambda each: each.tensor_name)]


def by_torch(ratio, divide):
    layers = Model().layers
    scores = {(each, "weight"): each.weight.detach().abs() / divide(each.weight) for each in layers}
    prune.global_unstructured(
        list(scores), prune.L1Unstructured, importance_scores=scores, amount=ratio
    )
    return [(layer.weight == 0).float().mean().item() for layer in layers]


print("zeros of all  compared                ", *(f"{rows:5}*{width:<3}" for rows, width in SHAPES))
for ratio in (0.3, 0.5, 0.9):
    for name, zeros in {
        "NNCF": by_nncf(ratio),
        "|w|": by_torch(ratio, lambda weight: 1),
        "|w| / norm of tensor": by_torch(ratio, lambda weight: weight.detach().norm()),
        "|w| / standard deviation": by_torch(ratio, lambda weight: weight.detach().std()),
    }.items():
        shares = (f"{100 * share:7.0f} %" for share in zeros)
        print(f"{100 * ratio:10.0f} %  {name:24}", *shares)
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
