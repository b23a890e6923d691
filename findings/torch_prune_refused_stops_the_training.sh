#!/usr/bin/env bash
# A pruning that torch refuses leaves a layer that no longer learns.
#
# torch 2.13.0, torch.nn.utils.prune.
#
# Guess before the run: where `prune` raises an error, since more weights shall go than are left,
# the layer is as it was before the call. That is so for a layer without a mask: its parameter is
# put back.
#
# Seen: on a layer that has a mask the hook that applies it is taken away before the amount is
# looked at, and not put back. `is_pruned` says no, `prune.remove` finds nothing to remove, and
# the optimizer goes on to move `weight_orig`, which nothing reads: the layer answers with the
# weights of its last forward pass, whatever is learned or loaded. A loop that prunes a fixed
# number of weights in each round and stops at the first ValueError ends with such a layer.
# Nothing in `prune` mends it: a smaller amount ends in a TypeError now, since the layer seems to
# have no mask.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
a layer                     zeros  is pruned  parameter    a step moves it  its answers
without a mask                  0  False      weight       True             True
without a mask, refused         0  False      weight       True             True
with a mask                    60  True       weight_orig  True             True
with a mask, refused           60  False      weight_orig  True             False
prune: TypeError
remove: ValueError
SEEN

"$folder/venv/bin/python" -W ignore - > "$folder/seen" <<'CODE'
import torch
from torch import nn
from torch.nn.utils import prune

torch.set_num_threads(1)
torch.manual_seed(0)
inputs = torch.randn(4, 10)


def prune_by(layer, count):
    prune.l1_unstructured(layer, "weight", amount=count)


def refuse(layer):
    try:
        prune_by(layer, 101 if not prune.is_pruned(layer) else 60)
    except ValueError:
        return
    raise AssertionError("not refused")


def show(name, layer):
    (parameter,) = layer.named_parameters()
    answers, numbers = layer(inputs).detach(), parameter[1].detach().clone()
    optimizer = torch.optim.SGD(layer.parameters(), lr=1.0)
    parameter[1].grad = torch.ones_like(parameter[1])
    optimizer.step()
    moved = not torch.equal(numbers, parameter[1])
    others = not torch.equal(answers, layer(inputs))
    zeros = int((layer.weight == 0).sum())
    print(f"{name:28}{zeros:5}  {prune.is_pruned(layer)!s:11}{parameter[0]:13}{moved!s:17}{others}")


print("a layer                     zeros  is pruned  parameter    a step moves it  its answers")
layer = nn.Linear(10, 10, bias=False)
show("without a mask", layer)
refuse(layer)
show("without a mask, refused", layer)
prune_by(layer, 60)
show("with a mask", layer)
refuse(layer)
show("with a mask, refused", layer)
for name, mend in {
    "prune": lambda: prune_by(layer, 20),
    "remove": lambda: prune.remove(layer, "weight"),
}.items():
    try:
        mend()
    except (TypeError, ValueError) as error:
        print(f"{name}: {type(error).__name__}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
