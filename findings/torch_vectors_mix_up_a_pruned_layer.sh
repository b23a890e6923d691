#!/usr/bin/env bash
# Weights kept as a vector come back in other places once the layer is pruned.
#
# torch 2.14.1.
#
# Guess before the run: `parameters_to_vector` before the training and `vector_to_parameters` after
# a pruning set a lottery ticket back to its first weights. The pruned model has as many parameters
# as before, in the order in which the layers were made; only the mask is new, and it is a buffer.
#
# Seen: `prune` takes `weight` away and appends `weight_orig`, so that a layer's bias comes first
# from then on, and `prune.remove` appends `weight` again, so that a layer without any mask stays
# turned around. The vector has the right length, nothing is said, and its numbers go elsewhere:
# the first weights of the first row become the bias, and all others move up. Not one weight is
# what it was. torch.ao's sparsifier does the same, and so does any parametrization. Layers
# without a bias are right, and `load_state_dict` goes by the names.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.14.1 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
written back after           bias  length  weights as at first  biases  first parameter
nothing                      yes   same                  100 %   100 %  weight
prune.l1_unstructured        yes   same                    0 %     0 %  bias
the same and prune.remove    yes   same                    0 %     0 %  bias
WeightNormSparsifier         yes   same                    0 %     0 %  bias
spectral_norm                yes   same                    0 %     0 %  bias
nothing                      no    same                  100 %    none  weight
prune.l1_unstructured        no    same                  100 %    none  weight_orig
the same and prune.remove    no    same                  100 %    none  weight
WeightNormSparsifier         no    same                  100 %    none  original
spectral_norm                no    same                  100 %    none  original
SEEN

"$folder/venv/bin/python" -W ignore - > "$folder/seen" 2> "$folder/log" <<'CODE'
import copy

import torch
from torch import nn
from torch.ao.pruning import WeightNormSparsifier
from torch.nn.utils import parameters_to_vector, parametrizations, prune, vector_to_parameters

torch.set_num_threads(1)


def mask(model):
    for layer in model[::2]:
        prune.l1_unstructured(layer, "weight", 0.5)


def mask_and_remove(model):
    mask(model)
    for layer in model[::2]:
        prune.remove(layer, "weight")


def sparsify(model):
    sparsifier = WeightNormSparsifier(sparsity_level=0.5, sparse_block_shape=(1, 1))
    sparsifier.prepare(model, [{"tensor_fqn": "0.weight"}, {"tensor_fqn": "2.weight"}])
    sparsifier.step()


def normalise(model):
    for layer in model[::2]:
        parametrizations.spectral_norm(layer)


def get_dense(layer):
    """Weight of a layer without its mask."""
    if hasattr(layer, "parametrizations"):
        return layer.parametrizations.weight.original
    return getattr(layer, "weight_orig", layer.weight)


def share(pairs):
    same = [(first == second).flatten() for first, second in pairs]
    return f"{100 * torch.cat(same).float().mean():.0f} %"


print("written back after           bias  length  weights as at first  biases  first parameter")
for bias in (True, False):
    for name, change in {
        "nothing": lambda model: None,
        "prune.l1_unstructured": mask,
        "the same and prune.remove": mask_and_remove,
        "WeightNormSparsifier": sparsify,
        "spectral_norm": normalise,
    }.items():
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(20, 30, bias), nn.ReLU(), nn.Linear(30, 10, bias))
        first = copy.deepcopy(model)
        vector = parameters_to_vector(model.parameters())
        change(model)
        length = sum(parameter.numel() for parameter in model.parameters())
        vector_to_parameters(vector, model.parameters())
        layers = list(zip(model[::2], first[::2]))
        weights = share((get_dense(layer), old.weight) for layer, old in layers)
        biases = share((layer.bias, old.bias) for layer, old in layers) if bias else "none"
        order = next(iter(model.named_parameters()))[0].split(".")[-1]
        print(
            f"{name:29}{'yes' if bias else 'no':6}{'same' if length == len(vector) else 'other':8}"
            f"{weights:>19}{biases:>8}  {order}"
        )
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
