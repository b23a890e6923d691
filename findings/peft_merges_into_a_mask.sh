#!/usr/bin/env bash
# PEFT's merge throws an adapter away where the layer has a pruning mask.
#
# peft 0.21.2, transformers 5.24.0, torch 2.13.0.
#
# Guess before the run: `merge_adapter` and `merge_and_unload` leave the answers of a model as
# they are. For a layer with a mask (`torch.nn.utils.prune`, or a parametrization) the sum is
# either masked, so that the model stays pruned, or dense, or the merge is refused.
#
# Seen: the adapter is gone. The merge adds to `weight.data`, which there is not a parameter but
# the product of the numbers below it and the mask, made anew before each forward pass. The model
# answers as the pruned one did before it was trained with the adapter, and nothing is said;
# `safe_merge=True`, a check for numbers that are not finite, sees nothing. Where the mask was
# made permanent first (`prune.remove`), the merge is right, and the zeros are filled.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    peft==0.21.2 transformers==5.24.0 torch==2.13.0 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
base layer        merge                    as with the adapter  as without it  zeros
no mask           merge_adapter                           True          False    0 %
no mask           merge_and_unload                        True          False    0 %
no mask           merge_and_unload, safe                  True          False    0 %
prune             merge_adapter                          False           True   50 %
prune             merge_and_unload                       False           True   50 %
prune             merge_and_unload, safe                 False           True   50 %
parametrization   merge_adapter                          False           True   50 %
parametrization   merge_and_unload                       False           True   50 %
parametrization   merge_and_unload, safe                 False           True   50 %
prune, remove     merge_adapter                           True          False    0 %
prune, remove     merge_and_unload                        True          False    0 %
prune, remove     merge_and_unload, safe                  True          False    0 %
SEEN

"$folder/venv/bin/python" -W ignore - > "$folder/seen" <<'CODE'
from collections import OrderedDict

import torch
from peft import LoraConfig, get_peft_model
from torch import nn
from torch.nn.utils import parametrize, prune

torch.set_num_threads(1)
SIZE = 16


class Mask(nn.Module):
    def __init__(self, weight):
        super().__init__()
        self.register_buffer("kept", weight.abs() > weight.abs().median())

    def forward(self, weight):
        return weight * self.kept


def make(kind):
    torch.manual_seed(0)
    model = nn.Sequential(
        OrderedDict(up=nn.Linear(SIZE, SIZE), relu=nn.ReLU(), down=nn.Linear(SIZE, 4))
    )
    if kind == "parametrization":
        mask = Mask(model.up.weight.detach())
        parametrize.register_parametrization(model.up, "weight", mask)
    elif kind != "no mask":
        prune.l1_unstructured(model.up, "weight", amount=0.5)
    if kind == "prune, remove":
        prune.remove(model.up, "weight")
    config = LoraConfig(r=4, target_modules=["up"], init_lora_weights=False)
    return get_peft_model(model, config)


def merge_adapter(model):
    model.merge_adapter()
    return model


merges = {
    "merge_adapter": merge_adapter,
    "merge_and_unload": lambda model: model.merge_and_unload(),
    "merge_and_unload, safe": lambda model: model.merge_and_unload(safe_merge=True),
}
inputs = torch.randn(8, SIZE, generator=torch.Generator().manual_seed(1))
print("base layer        merge                    as with the adapter  as without it  zeros")
with torch.no_grad():
    for kind in ("no mask", "prune", "parametrization", "prune, remove"):
        for name, merge in merges.items():
            model = make(kind)
            adapted = model(inputs)
            with model.disable_adapter():
                plain = model(inputs)
            merged = merge(model)
            answers = merged(inputs)
            layer = merged.base_model.model.up.base_layer if merged is model else merged.up
            zeros = 100 * (layer.weight == 0).float().mean()
            same = [torch.allclose(answers, other, atol=1e-5) for other in (adapted, plain)]
            print(f"{kind:18}{name:25}{same[0]!s:>19}{same[1]!s:>15}{zeros:5.0f} %")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
