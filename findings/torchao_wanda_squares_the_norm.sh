#!/usr/bin/env bash
# torchao's Wanda multiplies the weights with the square of the norm that Wanda takes.
#
# torchao 0.18.0, torch 2.14.1.
#
# Guess before the run: WandaSparsifier keeps the weights with the largest |W| * ||x||, as the paper has it and as
# its documentation says: "the product of the input activation norm and the weight magnitude", from an observer
# that "computes the L2 norm of each channel and stores it". So its mask is that of three lines of torch.
#
# Seen: the observer adds up the squares (so that batches may come one by one) and nobody takes the root. The mask is
# that of |W| * ||x||^2, to the last place. Weights at inputs with a small norm then have no chance: whole inputs are
# cut off, and the output of the layer is further from the dense one than with Wanda. It compares the weights of a
# whole layer, too, where the paper compares those of a row.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.14.1 torchao==0.18.0 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
half of   kept by          as torchao  error of the output  inputs cut off
layer     torchao                 all                 0.23              13
layer     |W| * ||x||            90 %                 0.20               1
layer     |W| * ||x||^2           all                 0.23              13
each four torchao                 all                 0.31               1
each four |W| * ||x||            89 %                 0.29               0
each four |W| * ||x||^2           all                 0.31               1
row       |W| * ||x||            90 %                 0.21               1
SEEN

"$folder/venv/bin/python" -W ignore - > "$folder/seen" 2> "$folder/log" <<'CODE'
import torch
from torch import nn
from torchao.sparsity import WandaSparsifier

torch.set_num_threads(1)
torch.manual_seed(0)
SIZE = 256
weights = torch.randn(SIZE, SIZE) / 16
inputs = torch.randn(4096, SIZE) * torch.exp(0.5 * torch.randn(SIZE))  # some features are larger than others
norm, outputs = inputs.norm(dim=0), inputs @ weights.T


def of_torchao(block):
    model = nn.Sequential(nn.Linear(SIZE, SIZE, bias=False))
    model[0].weight.data = weights.clone()
    sparsifier = WandaSparsifier(sparsity_level=0.5, semi_structured_block_size=block)
    sparsifier.prepare(model, [{"tensor_fqn": "0.weight"}])
    for batch in inputs.split(512):
        model(batch)
    sparsifier.step()
    sparsifier.squash_mask()
    return model[0].weight != 0


def keep_half(score, of):
    groups = score.reshape(-1, of)
    lowest = groups.argsort(dim=1)[:, : of // 2]
    return torch.ones_like(groups, dtype=torch.bool).scatter_(1, lowest, False).view(SIZE, SIZE)


print(f"{'half of':10}{'kept by':17}{'as torchao':>10}{'error of the output':>21}{'inputs cut off':>16}")
for name, block, of in (("layer", None, SIZE * SIZE), ("each four", 4, 4), ("row", None, SIZE)):
    masks = {
        "torchao": of_torchao(block),
        "|W| * ||x||": keep_half(weights.abs() * norm, of),
        "|W| * ||x||^2": keep_half(weights.abs() * norm**2, of),
    }
    for score, mask in masks.items():
        if name == "row" and score != "|W| * ||x||":
            continue
        same = (mask == masks["torchao"]).float().mean().item()
        error = (inputs @ (weights * mask).T - outputs).norm() / outputs.norm()
        cut = (mask.sum(dim=0) == 0).sum()
        print(f"{name:10}{score:17}{'all' if same == 1 else f'{100 * same:.0f} %':>10}{error:21.2f}{cut:16}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
