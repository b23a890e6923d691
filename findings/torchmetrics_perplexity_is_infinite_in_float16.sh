#!/usr/bin/env bash
# One unlikely token in a thousand makes the perplexity infinite in torchmetrics and torcheval, in half precision.
#
# torchmetrics 1.9.0, torcheval 0.0.7, torch 2.14.1.
#
# Guess before the run: the perplexity of float16 logits is that of the same logits in float32, to three digits: the
# logits are far from the limits of the type, and each library asks for logits, not for probabilities.
#
# Seen: both take the softmax and then its logarithm. A probability below 3e-8 is 0 in float16, its logarithm minus
# infinity, and the perplexity of the whole text infinite. `cross_entropy` of the same float16 logits is right, since
# it takes the logarithm of the softmax in one step. In bfloat16 nothing is infinite, but the sum over the text is kept
# with three digits. A pruned model with one confident error thus has a perplexity in one type and none in another.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    torch==2.14.1 torchmetrics==1.9.0 torcheval==0.0.7 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
logits    model           rarest token  cross_entropy  torchmetrics  torcheval
float32   as sampled             2e-05           77.4          77.4       77.4
float32   one bad token          2e-09           78.3          78.3       78.3
bfloat16  as sampled             2e-05           77.5          77.6       77.6
bfloat16  one bad token          2e-09           78.4          77.6       77.6
float16   as sampled             2e-05           77.4          77.3       77.3
float16   one bad token          2e-09           78.3           inf        inf
SEEN

cd "$folder"
"$folder/venv/bin/python" -W ignore - > "$folder/seen" 2> "$folder/log" <<'CODE'
import torch
import torcheval.metrics
import torchmetrics.text

torch.set_num_threads(1)
torch.manual_seed(0)
TOKENS, VOCABULARY = 1000, 500
logits = 2 * torch.randn(1, TOKENS, VOCABULARY)
labels = torch.distributions.Categorical(logits=logits).sample()  # a model that is right about its own chances
error = logits.clone()
error[0, 0], error[0, 0, 7], labels[0, 0] = 0, 20, 8  # the first token: sure of 7, but it is 8


def of(metric, scores):
    metric.update(scores, labels)
    return metric.compute().item()


print("logits    model           rarest token  cross_entropy  torchmetrics  torcheval")
for dtype in (torch.float32, torch.bfloat16, torch.float16):
    for name, of_model in (("as sampled", logits), ("one bad token", error)):
        scores = of_model.to(dtype)
        losses = torch.nn.functional.cross_entropy(scores[0], labels[0], reduction="none").double()
        print(
            f"{str(dtype)[6:]:10}{name:16}{(-losses.max()).exp():12.0e}{losses.mean().exp():15.1f}"
            f"{of(torchmetrics.text.Perplexity(), scores):14.1f}{of(torcheval.metrics.Perplexity(), scores):11.1f}"
        )
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
