#!/usr/bin/env bash
# The standard error of torchmetrics' bootstrap is 0 at one example a batch.
#
# torchmetrics 1.9.0, torch 2.13.0.
#
# Guess before the run: BootStrapper with `sampling_strategy="multinomial"` gives the standard
# error of a metric over the examples that it saw: for 200 answers, of which 79 % are right, about
# 0.029, however they came in batches.
#
# Seen: it draws within each batch as it comes, from as many examples as the batch has. One
# example is drawn once from itself, each time, so that at a batch size of 1, usual for the
# likelihood of long texts, all bootstraps are the same and the error is exactly 0. At 2 it is
# about a third too small, as half of the variance is left. Where a batch holds answers of one
# kind, since examples are sorted by label or difficulty, it is far too small unless all are one
# batch. The default, "poisson", draws how often each example counts, and is right for all of
# these, but for the noise of 50 draws.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    torchmetrics==1.9.0 torch==2.13.0 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
standard error of 0.79: 0.029
batch size                          1      2      4     20    200
poisson, mixed                  0.031  0.028  0.027  0.025  0.023
poisson, right ones first       0.029  0.029  0.029  0.030  0.029
multinomial, mixed              0.000  0.019  0.023  0.026  0.026
multinomial, right ones first   0.000  0.000  0.005  0.006  0.025
SEEN

"$folder/venv/bin/python" -W ignore - > "$folder/seen" <<'CODE'
import torch
from torchmetrics.classification import BinaryAccuracy
from torchmetrics.wrappers import BootStrapper

torch.set_num_threads(1)
COUNT, RIGHT, DRAWS = 200, 158, 50
labels = torch.ones(COUNT, dtype=torch.long)
mixed = torch.zeros(COUNT, dtype=torch.long)
mixed[torch.randperm(COUNT, generator=torch.Generator().manual_seed(0))[:RIGHT]] = 1
SIZES = (1, 2, 4, 20, COUNT)
answers = {"mixed": mixed, "right ones first": mixed.sort(descending=True).values}


def error(strategy, given, size):
    torch.manual_seed(0)
    accuracy = BinaryAccuracy(validate_args=False)
    whole = BootStrapper(accuracy, num_bootstraps=DRAWS, sampling_strategy=strategy)
    for batch, right in zip(given.split(size), labels.split(size), strict=True):
        whole.update(batch, right)
    return whole.compute()["std"].item()


share = RIGHT / COUNT
print(f"standard error of {share:.2f}: {(share * (1 - share) / COUNT) ** 0.5:.3f}")
print("batch size".ljust(30), *(f"{size:6}" for size in SIZES))
for strategy in ("poisson", "multinomial"):
    for name, given in answers.items():
        errors = (f"{error(strategy, given, size):6.3f}" for size in SIZES)
        print(f"{strategy}, {name}".ljust(30), *errors)
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
