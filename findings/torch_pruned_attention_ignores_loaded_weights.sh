#!/usr/bin/env bash
# A pruned attention layer goes on with its old output weights after a checkpoint was loaded.
#
# torch 2.13.0, torch.nn.utils.prune.
#
# Guess before the run: a model whose layers were given masks by `prune.identity` takes the state_dict of a
# pruned model of the same shape, says that all keys match, and then answers as that model does: the docs say
# that the weight is computed anew from `weight_orig` and `weight_mask` before each forward pass.
#
# Seen: that holds for Linear and LSTM, whose hooks run. nn.MultiheadAttention never calls its `out_proj`: it
# reads `out_proj.weight`, so the hook there does not run and the weight stays as it was before loading, in
# train() and in eval(). Nothing is said: all keys match. `prune.remove` puts the right weights in. One step
# of training moves `out_proj.weight_orig` and not the weight that is used; the second backward pass fails.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
                    keys             loaded answers as saved   after prune.remove
Linear              all keys match   same                      same
LSTM                all keys match   same                      same
MultiheadAttention  all keys match   different                 same
out_proj after a step of SGD: weight_orig moved, the weight in use did not
SEEN

"$folder/venv/bin/python" - > "$folder/seen" <<'CODE'
import torch
from torch import nn
from torch.nn.utils import prune

torch.set_num_threads(1)
inputs = torch.randn(2, 5, 16, generator=torch.Generator().manual_seed(0))
LAYERS = {
    "Linear": (lambda: nn.Linear(16, 16), lambda layer: [(layer, "weight")], lambda layer: layer(inputs)),
    "LSTM": (
        lambda: nn.LSTM(16, 16, batch_first=True),
        lambda layer: [(layer, "weight_ih_l0"), (layer, "weight_hh_l0")],
        lambda layer: layer(inputs)[0],
    ),
    "MultiheadAttention": (
        lambda: nn.MultiheadAttention(16, 2, batch_first=True),
        lambda layer: [(layer, "in_proj_weight"), (layer.out_proj, "weight")],
        lambda layer: layer(inputs, inputs, inputs)[0],
    ),
}


@torch.no_grad()
def same(run, first, second):
    answers = set()
    for mode in (True, False):
        first.train(mode), second.train(mode)
        answers.add("same" if torch.allclose(run(first), run(second), atol=1e-5) else "different")
    (answer,) = answers
    return answer


print(f"{'':20}{'keys':17}{'loaded answers as saved':26}after prune.remove")
for name, (make, pruned, run) in LAYERS.items():
    torch.manual_seed(0)
    saved, loaded = make(), make()
    for module, weight in pruned(saved):
        prune.l1_unstructured(module, weight, 0.5)
    for module, weight in pruned(loaded):
        prune.identity(module, weight)
    report = loaded.load_state_dict(saved.state_dict())
    keys = "some do not" if report.missing_keys or report.unexpected_keys else "all keys match"
    before = same(run, saved, loaded)
    for layer in (saved, loaded):
        for module, weight in pruned(layer):
            prune.remove(module, weight)
    print(f"{name:20}{keys:17}{before:26}{same(run, saved, loaded)}")

torch.manual_seed(0)
layer = nn.MultiheadAttention(16, 2, batch_first=True)
prune.l1_unstructured(layer.out_proj, "weight", 0.5)
before = layer.out_proj.weight_orig.detach().clone(), layer.out_proj.weight.detach().clone()
layer(inputs, inputs, inputs)[0].square().mean().backward()
torch.optim.SGD(layer.parameters(), 0.1).step()
layer(inputs, inputs, inputs)
said = ["moved" if not torch.equal(old, new) else "did not" for old, new in
        zip(before, (layer.out_proj.weight_orig, layer.out_proj.weight))]
print(f"out_proj after a step of SGD: weight_orig {said[0]}, the weight in use {said[1]}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
