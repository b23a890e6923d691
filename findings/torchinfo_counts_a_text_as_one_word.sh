#!/usr/bin/env bash
# The multiply-adds of a text model do not depend on the text's length in torchinfo.
#
# torchinfo 1.8.0, torch 2.13.0.
#
# Guess before the run: `summary(...).total_mult_adds` of a linear layer is its weights times the number of vectors
# that it is applied to, batch and length alike, and equals that of the convolution of width 1 that computes the same.
#
# Seen: the convolution is counted for each position, the linear layer once for each text of the batch, however
# long the text is. A model of language, which is made of linear layers, is counted 128 times too small at
# 128 words, and to prune a convolution seems to save 128 times what pruning the same linear layer does.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    torchinfo==1.8.0 torch==2.13.0 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
texts  words  Linear  Conv1d of width 1   done  outputs
    1      1    4096               4096    4096  same
    1     16    4096              65536   65536  same
    1    128    4096             524288  524288  same
    4    128   16384            2097152 2097152  same
SEEN

"$folder/venv/bin/python" - > "$folder/seen" <<'CODE'
import torch
from torch import nn
from torchinfo import summary

torch.set_num_threads(1)
linear, convolution = nn.Linear(64, 64, bias=False), nn.Conv1d(64, 64, 1, bias=False)
convolution.weight.data = linear.weight.data[:, :, None]
print("texts  words  Linear  Conv1d of width 1   done  outputs")
for texts, words in ((1, 1), (1, 16), (1, 128), (4, 128)):
    inputs = torch.randn(texts, words, 64)
    counts = [
        summary(layer, input_data=data, verbose=0).total_mult_adds
        for layer, data in ((linear, inputs), (convolution, inputs.transpose(1, 2)))
    ]
    same = torch.allclose(linear(inputs), convolution(inputs.transpose(1, 2)).transpose(1, 2), atol=1e-5)
    print(
        f"{texts:5} {words:6} {counts[0]:7} {counts[1]:18} {texts * words * 64 * 64:7}"
        f"  {'same' if same else 'different'}"
    )
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
