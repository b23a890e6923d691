#!/usr/bin/env bash
# Half of a ternary layer is all of it in NNCF.
#
# nncf 3.4.0, torch 2.13.0.
#
# Guess before the run: `nncf.prune` with a ratio of 0.5 makes half of the weights of each tensor
# zero: "the ratio of parameters to prune". Where weights are equally large it takes some of them,
# as `torch.nn.utils.prune` does, or keeps more than it was asked to.
#
# Seen: it takes the weight at that place in the order for a threshold and keeps what is *larger*.
# Of equally large weights so all go, or none. A layer of -1, 0 and 1 with a third of zeros loses
# nothing at 30 % and all its weights at 40 %; one of -1 and 1 all of them at any ratio, 0
# included, which takes the smallest weight of each tensor. Weights that were rounded to 4 bits
# lose 65 % where 40 % was asked for. `pruning_statistic` says so, for who asks; nothing warns.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    nncf==3.4.0 torch==2.13.0 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
zeros at a ratio of            0.0     0.01      0.3      0.4      0.5      0.7
normal             torch      0.0 %    1.0 %   30.0 %   40.0 %   50.0 %   70.0 %
normal             NNCF       0.0 %    1.0 %   30.0 %   40.0 %   50.0 %   70.0 %
in 4 bits          torch     24.3 %   24.3 %   30.0 %   40.0 %   50.0 %   70.0 %
in 4 bits          NNCF      24.3 %   24.3 %   64.5 %   64.5 %   64.5 %   87.7 %
-1, 0, 1           torch     33.1 %   33.1 %   33.1 %   40.0 %   50.0 %   70.0 %
-1, 0, 1           NNCF      33.1 %   33.1 %   33.1 %  100.0 %  100.0 %  100.0 %
-1, 1              torch      0.0 %    1.0 %   30.0 %   40.0 %   50.0 %   70.0 %
-1, 1              NNCF     100.0 %  100.0 %  100.0 %  100.0 %  100.0 %  100.0 %
SEEN

"$folder/venv/bin/python" -W ignore - > "$folder/seen" 2> "$folder/log" <<'CODE'
import torch
from torch import nn
from torch.nn.utils import prune

import nncf

torch.set_num_threads(1)
nncf.set_log_level(40)
SIZE = 128
RATIOS = (0.0, 0.01, 0.3, 0.4, 0.5, 0.7)


class Model(nn.Module):
    def __init__(self, weight):
        super().__init__()
        self.layer = nn.Linear(SIZE, SIZE, bias=False)
        self.layer.weight.data.copy_(weight)

    def forward(self, inputs):
        return self.layer(inputs)


def by_nncf(weight, ratio):
    mode = nncf.PruneMode.UNSTRUCTURED_MAGNITUDE_LOCAL
    model = nncf.prune(Model(weight), mode, ratio=ratio, examples_inputs=torch.ones(1, SIZE))
    answers = model(torch.eye(SIZE))  # the weights that it works with
    return (answers == 0).float().mean().item()


def by_torch(weight, ratio):
    layer = Model(weight).layer
    prune.l1_unstructured(layer, "weight", amount=ratio)
    return (layer.weight == 0).float().mean().item()


torch.manual_seed(0)
normal = torch.randn(SIZE, SIZE)
step = normal.abs().max() / 7
weights = {
    "normal": normal,
    "in 4 bits": (normal / step).round() * step,
    "-1, 0, 1": (normal / 0.43).sign() * (normal.abs() > 0.43),
    "-1, 1": normal.sign(),
}
print("zeros at a ratio of      ", *(f"{ratio:8}" for ratio in RATIOS))
for name, weight in weights.items():
    for library, zeros in (("torch", by_torch), ("NNCF", by_nncf)):
        shares = (f"{100 * zeros(weight, ratio):6.1f} %" for ratio in RATIOS)
        print(f"{name:19}{library:7}", *shares)
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
