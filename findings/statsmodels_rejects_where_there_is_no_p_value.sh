#!/usr/bin/env bash
# Holm's correction in statsmodels calls a comparison without a p value significant.
#
# statsmodels 0.15.0, scipy 1.17.1, numpy 2.4.6.
#
# Guess before the run: `multipletests` leaves a NaN out, spreads it to all results or refuses it (its documentation
# says nothing of NaN), and it rejects a hypothesis only where the corrected p value that it gives is below alpha.
#
# Seen: a pruned model is compared with the dense one on four tasks; on the last it gives the very answers of the dense
# one, so that the t test of the pairs has p = NaN. As the other three are significant, `holm` and `holm-sidak`, the
# default, reject that hypothesis as well: the task on which nothing differs is "significantly different", and its
# corrected p value is NaN. `hommel` loses all rejections; `simes-hochberg`, `fdr_bh` and `fdr_by` give NaN for every
# task and reject three of them all the same. Only `bonferroni` and `sidak` leave the other three alone. Nothing warns.
# An issue of 2016 (2899) reports the NaN of `fdr_bh`; there a maintainer says that NaN is treated as a number.
# scipy's `false_discovery_control` raises an error instead.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    statsmodels==0.15.0 scipy==1.17.1 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
(* rejected)      task 1    task 2    task 3   the same
p                  0.000     0.003     0.008       nan
bonferroni         0.000*    0.010*    0.032*      nan
sidak              0.000*    0.010*    0.032*      nan
holm               0.000*    0.008*    0.016*      nan*
holm-sidak         0.000*    0.008*    0.016*      nan*
simes-hochberg       nan*      nan*      nan*      nan
hommel               nan       nan       nan       nan
fdr_bh               nan*      nan*      nan*      nan
fdr_by               nan*      nan*      nan*      nan
of the first three tasks only
holm               0.000*    0.005*    0.008*
simes-hochberg     0.000*    0.005*    0.008*
hommel             0.000*    0.005*    0.008*
fdr_bh             0.000*    0.004*    0.008*
SEEN

"$folder/venv/bin/python" - > "$folder/seen" <<'CODE'
import warnings

import numpy as np
from scipy.stats import ttest_rel
from statsmodels.stats.multitest import multipletests

generator = np.random.default_rng(0)
dense = generator.normal(0.7, 0.05, (4, 10))  # the scores of ten seeds at each of four tasks
losses = np.array([[0.05], [0.04], [0.03], [0]])
pruned = dense - losses * (1 + generator.normal(0, 0.8, (4, 10)))
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the division 0 / 0 of the last test
    values = ttest_rel(dense, pruned, axis=1).pvalue
warnings.simplefilter("error")


def row(name, numbers, rejected=None):
    stars = " " * len(numbers) if rejected is None else ["*" if each else " " for each in rejected]
    cells = [f"{number:9.3f}{star}" for number, star in zip(numbers, stars, strict=True)]
    print(f"{name:15}{''.join(cells)}".rstrip())


print(f"{'(* rejected)':15}   task 1    task 2    task 3   the same")
row("p", values)
for method in ("bonferroni", "sidak", "holm", "holm-sidak", "simes-hochberg", "hommel", "fdr_bh", "fdr_by"):
    rejected, corrected, *_ = multipletests(values, method=method)
    row(method, corrected, rejected)
print("of the first three tasks only")
for method in ("holm", "simes-hochberg", "hommel", "fdr_bh"):
    rejected, corrected, *_ = multipletests(values[:3], method=method)
    row(method, corrected, rejected)
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
