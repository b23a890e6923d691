#!/usr/bin/env bash
# torch's prune chooses what to prune by weights that the layer no longer has.
#
# torch 2.13.0, torch.nn.utils.prune.
#
# Guess before the run: `prune.l1_unstructured` of a layer that has a mask already ranks the
# weights that it has at that time: those in `weight_orig` that the mask lets through, as a
# trainer or a checkpoint left them.
#
# Seen: it ranks `module.weight`, and that is what the last forward pass computed. After a step of
# the optimizer it is one step old. After `load_state_dict`, which says that all keys match, the
# numbers are those from before: a random mask where the layer was new, so that half of what was
# learned goes with the smaller half of the weights. `global_unstructured` does the same. A
# forward pass in between makes all of them right, and so does
# `importance_scores=layer.weight_orig`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
half pruned after                  kept as by the weights now   norm kept
one step of training                                     85 %        0.95
one step, then a forward pass                           100 %        0.96
loading                                                  50 %        0.71
loading, all layers as one                               50 %        0.71
loading, scores from weight_orig                        100 %        0.96
loading, then a forward pass                            100 %        0.96
SEEN

"$folder/venv/bin/python" -W ignore - > "$folder/seen" <<'CODE'
import torch
from torch import nn
from torch.nn.utils import prune

torch.set_num_threads(1)
SIZE = 200
torch.manual_seed(0)
inputs = torch.randn(64, SIZE)
learned = nn.Linear(SIZE, SIZE, bias=False)
nn.init.normal_(learned.weight)
prune.identity(learned, "weight")


def new_layer():
    layer = nn.Linear(SIZE, SIZE, bias=False)
    nn.init.normal_(layer.weight)
    prune.identity(layer, "weight")  # a mask of ones: what loads the checkpoint has to have one
    return layer


def train(layer):
    layer(inputs).square().mean().backward()
    layer.weight_orig.data -= 0.3 * layer.weight_orig.grad / layer.weight_orig.grad.std()


def load(layer):
    answer = layer.load_state_dict(learned.state_dict())
    assert not answer.missing_keys and not answer.unexpected_keys


def halve(layer):
    prune.l1_unstructured(layer, "weight", amount=0.5)


def halve_all(layer):
    prune.global_unstructured([(layer, "weight")], prune.L1Unstructured, amount=0.5)


def halve_by_scores(layer):
    prune.l1_unstructured(layer, "weight", amount=0.5, importance_scores=layer.weight_orig)


def look(layer):
    layer(inputs)


print("half pruned after                  kept as by the weights now   norm kept")
for name, steps in {
    "one step of training": (train, halve),
    "one step, then a forward pass": (train, look, halve),
    "loading": (load, halve),
    "loading, all layers as one": (load, halve_all),
    "loading, scores from weight_orig": (load, halve_by_scores),
    "loading, then a forward pass": (load, look, halve),
}.items():
    layer = new_layer()
    for step in steps:
        step(layer)
    now = layer.weight_orig.detach()
    best = now.abs() > now.abs().median()
    kept = layer.weight_mask.bool()
    same = (kept & best).sum() / best.sum()
    norm = (now * kept).norm() / now.norm()
    print(f"{name:34}{100 * same:25.0f} %{norm:12.2f}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
