#!/usr/bin/env bash
# For thop an attention layer has no parameters and does no work.
#
# thop 0.1.1.post2209072238, torch 2.13.0.
#
# Guess before the run: `profile` may not know the operations of nn.MultiheadAttention and then warns, but the
# parameters that it returns are those of the model, which take no knowledge of operations to count.
#
# Seen: it counts the parameters of the modules that it has a rule for, when these are called. MultiheadAttention
# has no rule and reads the weights of its `out_proj` without calling it: 0 parameters, 0 operations. An embedding
# has none either. Of an encoder layer with an embedding less than a quarter of the parameters is left. One matrix
# in two tied layers counts twice. Nothing is said of all this.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    thop==0.1.1.post2209072238 torch==2.13.0 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
                             parameters  for thop  its operations
Linear                             4160      4160          524288
two tied Linear                    4224      8320         1048576
Embedding                         64000         0               0
MultiheadAttention                16640         0               0
embedding and encoder layer       38016      8576         1114112
SEEN

"$folder/venv/bin/python" -W ignore - > "$folder/seen" <<'CODE'
import torch
from thop import profile
from torch import nn

torch.set_num_threads(1)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.MultiheadAttention(64, 2, batch_first=True)

    def forward(self, states):
        return self.layer(states, states, states)[0]


tied = nn.Sequential(nn.Linear(64, 64), nn.Linear(64, 64))
tied[1].weight = tied[0].weight
states, words = torch.randn(1, 128, 64), torch.arange(128)[None]
MODELS = {
    "Linear": (nn.Sequential(nn.Linear(64, 64)), states),
    "two tied Linear": (tied, states),
    "Embedding": (nn.Sequential(nn.Embedding(1000, 64)), words),
    "MultiheadAttention": (Attention(), states),
    "embedding and encoder layer": (
        nn.Sequential(nn.Embedding(200, 64), nn.TransformerEncoderLayer(64, 2, 64, batch_first=True)),
        words,
    ),
}
print(f"{'':28} parameters  for thop  its operations")
for name, (model, inputs) in MODELS.items():
    count = sum(parameter.numel() for parameter in model.parameters())
    operations, found = profile(model, (inputs,), verbose=False)
    print(f"{name:28} {count:10} {found:9.0f} {operations:15.0f}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
