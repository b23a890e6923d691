#!/usr/bin/env bash
# Matthews' correlation of a model that answers the same to everything need not be 0.
#
# torchmetrics 1.9.0, scikit-learn 1.9.1, torch 2.13.0.
#
# Guess before the run: a constant prediction has a correlation of 0, in torchmetrics as in scikit-learn.
#
# Seen: scikit-learn gives 0. torchmetrics puts a small number in place of the empty sums above and below
# the fraction; it cancels, and the difference of the two classes divided by the root of their product and
# the total is left. With MRPC's validation set, 279 pairs of 408 in the positive class, a constant
# "paraphrase" scores 0.039 and a constant "no paraphrase" -0.039; 100 of 1000 negative give 0.084, equal
# classes 0. So a model that was pruned to death seems to know something, its sign says which way it died,
# and the value depends on the number of examples. Where all labels are of one class, too, it is 1 or -1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    torch==2.13.0 torchmetrics==1.9.0 scikit-learn==1.9.1 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
positive  always  scikit-learn  torchmetrics
279 of  408     1         0.000         0.039
279 of  408     0         0.000        -0.039
900 of 1000     1         0.000         0.084
900 of 1000     0         0.000        -0.084
 50 of  100     1         0.000         0.000
 50 of  100     0         0.000         0.000
 20 of   20     1         0.000         1.000
 20 of   20     0         0.000        -1.000
SEEN

"$folder/venv/bin/python" - > "$folder/seen" <<'CODE'
import warnings

import torch
from sklearn.metrics import matthews_corrcoef
from torchmetrics.functional.classification import binary_matthews_corrcoef

warnings.simplefilter("ignore")
print("positive  always  scikit-learn  torchmetrics")
for positive, total in ((279, 408), (900, 1000), (50, 100), (20, 20)):
    labels = (torch.arange(total) < positive).long()
    for answer in (1, 0):
        constant = torch.full_like(labels, answer)
        theirs = binary_matthews_corrcoef(constant, labels).item() + 0.0
        ours = matthews_corrcoef(labels.numpy(), constant.numpy())
        print(f"{positive:3} of {total:4} {answer:5} {ours:13.3f} {theirs:13.3f}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
