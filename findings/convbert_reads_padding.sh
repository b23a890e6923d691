#!/usr/bin/env bash
# ConvBERT's answer to a sentence depends on the padding of its batch, mask or not.
#
# torch 2.13.0, transformers 5.23.0. Small models with random weights.
#
# Guess before the run: where `attention_mask` says which tokens are padding, the hidden states of the
# others agree to rounding (1e-6) with those of the sentence alone. That holds for BERT.
#
# Seen: it holds for BERT, and not for ConvBERT. Its dynamic convolution mixes each token with its
# neighbours, and the mask reaches the attention only: six padding tokens behind ten real ones change
# the states of the real ones by more than 1e-3. The last tokens, next to the padding, change most, and
# the first layer's change reaches the first token through the second. So a score on MRPC depends on the
# batch size and on what stands beside a sentence. Batches of equal length avoid it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 transformers==5.23.0

cat > "$folder/expected" <<'SEEN'
BERT      last token: same; first token: same
ConvBERT  last token: differs; first token: differs
SEEN

"$folder/venv/bin/python" - > "$folder/seen" 2> "$folder/errors" <<'CODE' || cat "$folder/errors"
import torch
from transformers import BertConfig, BertModel, ConvBertConfig, ConvBertModel

SIZES = dict(
    vocab_size=120, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
)
CASES = {
    "BERT": (BertModel, BertConfig(**SIZES)),
    "ConvBERT": (ConvBertModel, ConvBertConfig(**SIZES, embedding_size=32)),
}
for name, (kind, config) in CASES.items():
    torch.manual_seed(0)
    model = kind(config).eval()
    ids, states = torch.randint(5, 120, (1, 10)), []
    for padding in (0, 6):
        padded = torch.nn.functional.pad(ids, (0, padding))
        mask = torch.nn.functional.pad(torch.ones_like(ids), (0, padding))
        with torch.no_grad():
            states.append(model(padded, attention_mask=mask).last_hidden_state[0, :10])
    apart = (states[0] - states[1]).abs().amax(1)
    last, first = ("differs" if apart[at] > 1e-5 else "same" for at in (-1, 0))
    print(f"{name:9} last token: {last}; first token: {first}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
