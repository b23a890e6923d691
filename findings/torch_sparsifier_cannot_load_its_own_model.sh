#!/usr/bin/env bash
# A model that torch's sparsifier masks cannot load its own state_dict.
#
# torch 2.13.0, torch.ao.pruning.
#
# Guess before the run: `state_dict` of a model under a WeightNormSparsifier holds the weights and
# the masks, which are buffers, and a model prepared in the same way takes it, as it does with the
# masks of `torch.nn.utils.prune`.
#
# Seen: the masks are left out of `state_dict` and demanded by `load_state_dict`, so that even the
# model itself refuses what it saved: "Missing key(s)". With `strict=False` the dense weights are
# loaded and the mask stays what it was: ones, in a model that was just prepared, and
# `squash_mask` then makes dense weights permanent. What has to be saved beside is the
# `state_dict` of the sparsifier: its masks come back with `load_state_dict` of a prepared
# sparsifier.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
prune, saved:      0.weight_orig 0.weight_mask
prune, another:    loaded
                   75 % zeros True
sparsifier, saved: 0.parametrizations.weight.original 75 % zeros
itself:            refused: Missing key(s) in state_dict: "0.parametrizations.weight.0.mask".
another:           refused: Missing key(s) in state_dict: "0.parametrizations.weight.0.mask".
not strict:        loaded 0 % zeros
its sparsifier:    loaded 75 % zeros True
squashed instead:  0 % zeros
SEEN

"$folder/venv/bin/python" -W ignore - > "$folder/seen" <<'CODE'
import torch
from torch import nn
from torch.ao.pruning import WeightNormSparsifier
from torch.nn.utils import prune

torch.set_num_threads(1)
torch.manual_seed(0)


def prepared():
    model = nn.Sequential(nn.Linear(16, 16, bias=False))
    sparsifier = WeightNormSparsifier(0.75, sparse_block_shape=(1, 1), zeros_per_block=1)
    sparsifier.prepare(model, [{"tensor_fqn": "0.weight"}])
    return model, sparsifier


def masked():
    layer = nn.Linear(16, 16, bias=False)
    prune.l1_unstructured(layer, "weight", amount=0.75)
    return nn.Sequential(layer)


def attempt(model, saved, **options):
    try:
        model.load_state_dict(saved, **options)
    except RuntimeError as error:
        return "refused: " + str(error).split("\t")[1].strip()
    return "loaded"


def zeros(model):
    return f"{100 * (model[0].weight == 0).float().mean():.0f} % zeros"


first, second = masked(), masked()
print("prune, saved:     ", *first.state_dict())
print("prune, another:   ", attempt(second, first.state_dict()))
second(torch.ones(1, 16))
print("                  ", zeros(second), torch.equal(first[0].weight, second[0].weight))

model, sparsifier = prepared()
sparsifier.step()
saved = model.state_dict()
print("sparsifier, saved:", *saved, zeros(model))
print("itself:           ", attempt(model, saved))
other, its_sparsifier = prepared()
print("another:          ", attempt(other, saved))
print("not strict:       ", attempt(other, saved, strict=False), zeros(other))
its_sparsifier.load_state_dict(sparsifier.state_dict())
same = torch.equal(model[0].weight, other[0].weight)
print("its sparsifier:   ", "loaded", zeros(other), same)
other, its_sparsifier = prepared()
other.load_state_dict(saved, strict=False)
its_sparsifier.squash_mask()
print("squashed instead: ", zeros(other))
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
