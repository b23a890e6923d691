#!/usr/bin/env bash
# The accuracy of the same logits depends on the batch size in torchmetrics.
#
# torchmetrics 1.9.0, torch 2.13.0.
#
# Guess before the run: a metric that is updated batch by batch gives what one update with
# everything gives. "If preds has values outside [0,1] range we consider the input to be logits
# and will auto apply sigmoid": so either the metric knows once and for all that it gets logits,
# or logits need a flag.
#
# Seen: that is decided for each batch by itself. A batch whose logits lie all between 0 and 1 is
# taken for probabilities, in which 0.3 means "no", and not 0.57. So accuracy, F1, AUROC and
# average precision change with the batch size and with the order of the examples: an accuracy of
# 0.63 at one example a batch, or at eight of them in order, and of 0.69 at once. Small logits, as
# of a model that was pruned too far and is not sure of anything, make it worse. Nothing warns.
# Sigmoid before the update gives one value.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    torchmetrics==1.9.0 torch==2.13.0 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
batch size                        Accuracy           F1Score             AUROC  AveragePrecision
logits                 1             0.633             0.520             0.649             0.690
logits                 2             0.670             0.638             0.703             0.716
logits                 4             0.678             0.682             0.733             0.738
logits                 8             0.688             0.699             0.749             0.742
logits               512             0.688             0.699             0.749             0.742
sigmoid of them        1             0.688             0.699             0.749             0.742
sigmoid of them        2             0.688             0.699             0.749             0.742
sigmoid of them        4             0.688             0.699             0.749             0.742
sigmoid of them        8             0.688             0.699             0.749             0.742
sigmoid of them      512             0.688             0.699             0.749             0.742
logits, in order       8             0.633             0.520             0.649             0.692
SEEN

"$folder/venv/bin/python" -W ignore - > "$folder/seen" <<'CODE'
import torch
from torchmetrics.classification import (
    BinaryAccuracy,
    BinaryAUROC,
    BinaryAveragePrecision,
    BinaryF1Score,
)

torch.set_num_threads(1)
torch.manual_seed(0)
COUNT = 512
labels = torch.randint(0, 2, (COUNT,))
unsure = 0.3 * (2 * labels - 1) + 0.6 * torch.randn(COUNT)
metrics = (BinaryAccuracy, BinaryF1Score, BinaryAUROC, BinaryAveragePrecision)


def score(metric, numbers, size):
    whole = metric()
    for batch, right in zip(numbers.split(size), labels.split(size), strict=True):
        whole.update(batch, right)
    return whole.compute().item()


print("batch size              ", *(f"{metric.__name__[6:]:>17}" for metric in metrics))
for name, numbers in (("logits", unsure), ("sigmoid of them", unsure.sigmoid())):
    for size in (1, 2, 4, 8, COUNT):
        scores = (f"{score(metric, numbers, size):17.3f}" for metric in metrics)
        print(f"{name:17}{size:7}", *scores)
order = unsure.argsort()
unsure, labels = unsure[order], labels[order]
scores = (f"{score(metric, unsure, 8):17.3f}" for metric in metrics)
print("logits, in order       8", *scores)
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
