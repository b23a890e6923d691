#!/usr/bin/env bash
# torch's counter of FLOPs leaves attention out on the CPU, depending on the number of dimensions.
#
# torch 2.13.0, torch.utils.flop_counter.
#
# Guess before the run: FlopCounterMode counts `scaled_dot_product_attention` as the two matrix products that it
# stands for, however the heads are laid out.
#
# Seen: queries of shape (heads, length, size) are counted so. With a batch in front, (batch, heads, length, size),
# as every transformer has it, the CPU takes a fused kernel that the counter does not know, and the count is 0,
# without a warning. nn.MultiheadAttention with `need_weights=False` counts its projections only. Adding a
# dimension of 1 to the same numbers makes the work vanish.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
FLOPs                               counted  in the two products
softmax(q k) v, (2, 128, 64)        8388608              8388608
softmax(q k) v, (1, 2, 128, 64)     8388608              8388608
attention, (2, 128, 64)             8388608              8388608
attention, (1, 2, 128, 64)                0              8388608
MultiheadAttention with weights    25165824             25165824
MultiheadAttention without         16777216             25165824
SEEN

"$folder/venv/bin/python" - > "$folder/seen" <<'CODE'
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

torch.set_num_threads(1)
three, four = torch.randn(2, 128, 64), torch.randn(1, 2, 128, 64)
inputs, layer = torch.randn(1, 128, 128), nn.MultiheadAttention(128, 2, batch_first=True)
products = 2 * 2 * 2 * 128 * 128 * 64  # FLOPs of a multiply-add, products, heads, length, length, size
projections = 2 * 4 * 128 * 128 * 128


def written_out(states):
    return torch.softmax(states @ states.transpose(-1, -2) / 8, -1) @ states


def attention(states):
    return nn.functional.scaled_dot_product_attention(states, states, states)


print(f"{'FLOPs':34} {'counted':>8}  in the two products")
for name, run, expected in (
    ("softmax(q k) v, (2, 128, 64)", lambda: written_out(three), products),
    ("softmax(q k) v, (1, 2, 128, 64)", lambda: written_out(four), products),
    ("attention, (2, 128, 64)", lambda: attention(three), products),
    ("attention, (1, 2, 128, 64)", lambda: attention(four), products),
    ("MultiheadAttention with weights", lambda: layer(inputs, inputs, inputs), products + projections),
    (
        "MultiheadAttention without",
        lambda: layer(inputs, inputs, inputs, need_weights=False),
        products + projections,
    ),
):
    with FlopCounterMode(display=False) as counter:
        run()
    print(f"{name:34} {counter.get_total_flops():8} {expected:20}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
