#!/usr/bin/env bash
# The average of an adapter and its copy is twice the adapter in PEFT.
#
# peft 0.21.2, transformers 5.24.0, torch 2.13.0.
#
# Guess before the run: `add_weighted_adapter` with weights 0.5 and 0.5 averages what two adapters
# add to the weights of a layer. The average of an adapter and a copy of it is that adapter,
# whichever `combination_type` is asked for and with a density of 1, where nothing is pruned.
#
# Seen: `linear`, `dare_linear` and `magnitude_prune` give twice the adapter. They mix the two
# factors of an adapter, each with the roots of the weights, and multiply afterwards: (0.71 B +
# 0.71 B) (0.71 A + 0.71 A) = 2 B A. With weights 1 and 1, for their sum, it is four times the
# adapter, and two different adapters have the products of unlike factors added. `cat`, and the
# types with `svd` mix the products, the latter in the rank of one adapter. The types with `ties`
# divide by the number of adapters as well, so that 1 and 1 is their average. The documentation
# calls `linear` "a very rough approximation" and says nothing of the others.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    peft==0.21.2 transformers==5.24.0 torch==2.13.0 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
combination_type     one and its copy            one and another
                     0.5, 0.5      1, 1          error of 0.5, 0.5
cat                  1.00 of one  2.00 of one          0.00
svd                  1.00 of one  2.00 of one          0.27
linear               2.00 of one  4.00 of one          1.02
dare_linear          2.00 of one  4.00 of one          1.02
magnitude_prune      2.00 of one  4.00 of one          1.02
ties                 0.50 of one  1.00 of one          0.86
dare_ties            0.50 of one  1.00 of one          0.86
dare_linear_svd      1.00 of one  2.00 of one          0.27
magnitude_prune_svd  1.00 of one  2.00 of one          0.27
ties_svd             0.50 of one  1.00 of one          0.49
dare_ties_svd        0.50 of one  1.00 of one          0.49
SEEN

"$folder/venv/bin/python" -W ignore - > "$folder/seen" <<'CODE'
import torch
from peft import LoraConfig, get_peft_model
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(0)
config = LoraConfig(r=4, target_modules=["0"], init_lora_weights=False)
model = get_peft_model(nn.Sequential(nn.Linear(16, 16)), config, adapter_name="one")
model.add_adapter("copy", config)
model.add_adapter("other", config)
layer = model.base_model.model[0]
with torch.no_grad():
    for factors in (layer.lora_A, layer.lora_B):
        factors["copy"].weight.copy_(factors["one"].weight)


def average(kind, names, weights):
    density = {} if kind in ("cat", "svd", "linear") else {"density": 1.0}
    model.add_weighted_adapter(names, weights, "mix", combination_type=kind, **density)
    change = layer.get_delta_weight("mix").detach().clone()
    model.delete_adapter("mix")
    return change


one, other = (layer.get_delta_weight(name).detach() for name in ("one", "other"))
print("combination_type     one and its copy            one and another")
print("                     0.5, 0.5      1, 1          error of 0.5, 0.5")
for kind in (
    *("cat", "svd", "linear", "dare_linear", "magnitude_prune", "ties", "dare_ties"),
    *("dare_linear_svd", "magnitude_prune_svd", "ties_svd", "dare_ties_svd"),
):
    factors = []
    for weights in ([0.5, 0.5], [1.0, 1.0]):
        change = average(kind, ["one", "copy"], weights)
        factor = ((change * one).sum() / (one * one).sum()).item()
        assert torch.allclose(change, factor * one, atol=1e-4)
        factors.append(factor)
    right = (one + other) / 2
    error = (average(kind, ["one", "other"], [0.5, 0.5]) - right).norm() / right.norm()
    print(f"{kind:21}{factors[0]:4.2f} of one  {factors[1]:4.2f} of one{error:14.2f}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
