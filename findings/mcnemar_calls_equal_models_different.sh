#!/usr/bin/env bash
# McNemar's test finds two models that never disagree significantly different.
#
# mlxtend 0.25.0, statsmodels 0.15.0.
#
# Guess before the run: where two models are right on the same examples, so that no pair is discordant,
# both libraries give p = 1, as they do where the discordant pairs are in balance.
#
# Seen: the exact test gives p = 1. The chi-squared one with its continuity correction, mlxtend's default
# and `exact=False` of statsmodels, divides (|0 - 0| - 1)^2 by 0, takes the infinite statistic for evidence
# and gives p = 0. A model against its own lossless copy is thus "significantly different" at every level,
# while one discordant pair gives p = 1. Nothing warns of the jump but NumPy's division by zero. Without
# the correction it is NaN. A light pruning often changes no answer at all, so the case is a common one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    mlxtend==0.25.0 statsmodels==0.15.0

cat > "$folder/expected" <<'SEEN'
                     mlxtend                      statsmodels
       default      exact    default       chi2 uncorrected
10 and 2       0.04       0.04       0.04       0.04       0.02
 1 and 0       1.00       1.00       1.00       1.00       0.32
 0 and 0       0.00       1.00       1.00       0.00        nan
SEEN

"$folder/venv/bin/python" - > "$folder/seen" <<'CODE'
import warnings

import numpy as np
from mlxtend.evaluate import mcnemar as of_mlxtend
from statsmodels.stats.contingency_tables import mcnemar as of_statsmodels

warnings.simplefilter("ignore")
print("                     mlxtend                      statsmodels")
print("       default      exact    default       chi2 uncorrected")
for only_first, only_second in ((10, 2), (1, 0), (0, 0)):
    table = np.array([[300, only_first], [only_second, 100]])
    values = (
        of_mlxtend(table)[1],
        of_mlxtend(table, exact=True)[1],
        of_statsmodels(table).pvalue,
        of_statsmodels(table, exact=False).pvalue,
        of_statsmodels(table, exact=False, correction=False).pvalue,
    )
    print(f"{only_first:2} and {only_second}", *(f"{value:10.2f}" for value in values))
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
