#!/usr/bin/env bash
# torch's structured pruner changes the answers when it takes the masked rows out.
#
# torch 2.14.1, torch.ao.pruning.
#
# Guess before the run: `SaliencyPruner.prune()` takes out the rows that its masks make zero, for
# all activations in its list of those that it supports. The smaller model then answers what the
# masked one did, with which one has trained and tested.
#
# Seen: that holds for activations that make 0 of 0. A masked row with its bias gives 0 to
# Sigmoid, which hands 0.5 to the next layer, and `prune` takes these 0.5 away. So with
# Hardsigmoid, Softplus and LogSigmoid, which are in the list, too. Here 38 to 85 % of the answers
# change. `prune_bias=False` keeps the biases of the masked rows and adds what comes of them to the
# next layer, and then all four are exact.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.14.1 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
activation    biases of masked rows   f(0)  rows left  outputs off by  answers changed
ReLU          masked                  0.00         32             0 %              0 %
ReLU          kept                    0.00         32             0 %              0 %
GELU          masked                  0.00         32             0 %              0 %
GELU          kept                    0.00         32             0 %              0 %
Tanh          masked                  0.00         32             0 %              0 %
Tanh          kept                    0.00         32             0 %              0 %
Sigmoid       masked                  0.50         32            93 %             74 %
Sigmoid       kept                    0.50         32             0 %              0 %
Hardsigmoid   masked                  0.50         32           112 %             85 %
Hardsigmoid   kept                    0.50         32             0 %              0 %
Softplus      masked                  0.69         32            62 %             54 %
Softplus      kept                    0.69         32             0 %              0 %
LogSigmoid    masked                 -0.69         32            47 %             38 %
LogSigmoid    kept                   -0.69         32             0 %              0 %
SEEN

"$folder/venv/bin/python" -W ignore - > "$folder/seen" 2> "$folder/log" <<'CODE'
import torch
from torch import nn
from torch.ao.pruning._experimental.pruner import SaliencyPruner

torch.set_num_threads(1)
torch.manual_seed(0)
inputs = torch.randn(2048, 16)


def run(activation, prune_bias):
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(16, 64), activation(), nn.Linear(64, 4))
    pruner = SaliencyPruner({})
    config = {"tensor_fqn": "0.weight", "sparsity_level": 0.5, "prune_bias": prune_bias}
    pruner.prepare(model, [config])
    pruner.enable_mask_update = True
    pruner.step()
    with torch.no_grad():
        masked = model(inputs)
        small = pruner.prune()
        answers = small(inputs)
    off = (answers - masked).abs().max() / masked.abs().max()
    changed = (masked.argmax(1) != answers.argmax(1)).float().mean()
    return len(small.get_submodule("0").weight), off, changed


print("activation    biases of masked rows   f(0)  rows left  outputs off by  answers changed")
ACTIVATIONS = (nn.ReLU, nn.GELU, nn.Tanh, nn.Sigmoid, nn.Hardsigmoid, nn.Softplus, nn.LogSigmoid)
for activation in ACTIVATIONS:
    for prune_bias in (True, False):
        rows, off, changed = run(activation, prune_bias)
        print(
            f"{activation.__name__:14}{'masked' if prune_bias else 'kept':22}"
            f"{activation()(torch.zeros(1)).item():6.2f}{rows:11}"
            f"{100 * off:14.0f} %{100 * changed:15.0f} %"
        )
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
