#!/usr/bin/env bash
# `prune.remove` prunes the other one of two tied layers.
#
# torch 2.13.0, torch.nn.utils.prune.
#
# Guess before the run: pruning the output layer of a model that ties it to the embedding either unties the two
# for good or prunes both at once; and `prune.remove`, which the docs call making the pruning permanent, changes
# no answer of the model.
#
# Seen: after pruning, the output layer has the zeros and the embedding has none, though both still hold one
# parameter. `prune.remove` writes the masked weights into that parameter: now the embedding has the zeros too,
# and the model that was evaluated before `remove` is not the one that is saved after it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
               zeros in the embedding  in the output layer  one parameter  answers
made                              0.0                  0.0  yes
pruned                            0.0                  0.5  yes            changed
after remove                      0.5                  0.5  yes            changed
SEEN

"$folder/venv/bin/python" - > "$folder/seen" <<'CODE'
import torch
from torch import nn
from torch.nn.utils import prune

torch.set_num_threads(1)
torch.manual_seed(0)
embedding, output = nn.Embedding(100, 16), nn.Linear(16, 100, bias=False)
output.weight = embedding.weight
words = torch.arange(100)
last = None


@torch.no_grad()
def show(name):
    global last
    states = embedding(words)
    logits = output(states)
    zeros = [(table == 0).float().mean().item() for table in (states, output(torch.eye(16)))]
    shared = getattr(output, "weight_orig", output.weight) is embedding.weight
    change = "" if last is None else "same" if torch.allclose(last, logits) else "changed"
    print(f"{name:15}{zeros[0]:22.1f}{zeros[1]:21.1f}  {'yes' if shared else 'no':15}{change}".rstrip())
    last = logits


print("               zeros in the embedding  in the output layer  one parameter  answers")
show("made")
prune.l1_unstructured(output, "weight", 0.5)
show("pruned")
prune.remove(output, "weight")
show("after remove")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
