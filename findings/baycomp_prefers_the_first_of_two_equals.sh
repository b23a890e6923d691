#!/usr/bin/env bash
# A Bayesian test of a model against itself takes a side.
#
# baycomp 1.0.3.
#
# Guess before the run: for equal scores on every data set, `two_on_multiple` gives each model the same
# probability of being better, 0.5, or all of it to "no difference".
#
# Seen: without a region of practical equivalence, the default, the signed-rank test gives the first model
# about two thirds, whichever is named first: each sample of the posterior is exactly one half but for
# rounding, and the probability counts on which side of 0.5 rounding put it. The sign test divides 0 by 0. The
# correlated t-test gives 0.5 each. With any region above 0 both say that there is no difference. Models
# that agree exactly are common where a light pruning changes no answer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    baycomp==1.0.3 numpy==2.4.6 scipy==1.17.1

cat > "$folder/expected" <<'SEEN'
signed rank  region    0: one is better
signed rank  region 0.01: no difference
sign         region    0: NaN
sign         region 0.01: no difference
SEEN

"$folder/venv/bin/python" - > "$folder/seen" <<'CODE'
import warnings

import baycomp
import numpy as np

warnings.simplefilter("ignore")
scores = np.linspace(0.7, 0.9, 10)
TESTS = {
    "signed rank": baycomp.SignedRankTest.probs,
    "sign": baycomp.SignTest.probs,
}
for name, test in TESTS.items():
    for region in (0, 0.01):
        chances = test(scores, scores.copy(), rope=region, nsamples=5000, random_state=0)
        first, last = chances[0], chances[-1]
        if np.isnan(first):
            said = "NaN"
        elif len(chances) == 3 and chances[1] == 1:
            said = "no difference"
        else:
            said = "one half each" if abs(first - last) < 0.1 else "one is better"
        print(f"{name:12} region {region:4}: {said}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
