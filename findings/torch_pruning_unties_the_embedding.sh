#!/usr/bin/env bash
# torch-pruning makes two matrices of a tied embedding.
#
# torch-pruning 1.6.1, torch 2.13.0.
#
# Guess before the run: halving the width of a model whose output layer is tied to its embedding keeps the tie, or
# refuses; with all widths halved the model has about half of the parameters that it had.
#
# Seen: each of the two layers gets a new parameter of its own, without a word. With an output layer that is to keep
# its words (`ignored_layers`), the embedding at half width exists twice and the pair is as large as before: the model
# keeps 70 % of its parameters, where tied again it has 40 %. Both still hold the same numbers, until training
# moves them apart.
# Without `ignored_layers` the output layer also loses half of its words, and the embedding does not.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    torch-pruning==1.6.1 torch==2.13.0 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
                                   embedding  output     tied  parameters
made                               (100, 16)  (100, 16)  yes    2672
half the width, output ignored     (100, 8)   (100, 8)   no     1880
tied again (the same numbers)      (100, 8)   (100, 8)   yes    1080
half the width, output pruned      (100, 8)   (50, 8)    no     1480
SEEN

"$folder/venv/bin/python" -W ignore - > "$folder/seen" <<'CODE'
import torch
import torch_pruning as tp
from torch import nn

torch.set_num_threads(1)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(100, 16)
        self.up, self.down = nn.Linear(16, 32), nn.Linear(32, 16)
        self.output = nn.Linear(16, 100, bias=False)
        self.output.weight = self.embedding.weight

    def forward(self, words):
        states = self.embedding(words)
        return self.output(states + self.down(torch.relu(self.up(states))))


def show(name, model):
    count = sum(parameter.numel() for parameter in model.parameters())
    shapes = [str(tuple(layer.weight.shape)) for layer in (model.embedding, model.output)]
    tied = "yes" if model.embedding.weight is model.output.weight else "no"
    print(f"{name:34} {shapes[0]:10} {shapes[1]:10} {tied:4} {count:6}")


words = torch.arange(10)[None]
print(f"{'':34} embedding  output     tied  parameters")
for ignored in (True, False):
    torch.manual_seed(0)
    model = Model()
    if ignored:
        show("made", model)
    pruner = tp.pruner.MagnitudePruner(
        model,
        words,
        importance=tp.importance.MagnitudeImportance(),
        pruning_ratio=0.5,
        ignored_layers=[model.output] if ignored else [],
    )
    pruner.step()
    show(f"half the width, output {'ignored' if ignored else 'pruned'}", model)
    if ignored:
        same = torch.equal(model.embedding.weight, model.output.weight)
        model.output.weight = model.embedding.weight
        show(f"tied again ({'the same' if same else 'other'} numbers)", model)
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
