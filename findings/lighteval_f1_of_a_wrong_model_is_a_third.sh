#!/usr/bin/env bash
# A model that is wrong each time has an F1 of a third in lighteval.
#
# lighteval 0.13.0, scikit-learn 1.9.1, torch 2.14.1.
#
# Guess before the run: `multi_f1_numeric`, the F1 for more than two classes, is the mean of the F1
# of each class, and `loglikelihood_f1` the F1 of the classes too, by macro, micro or weighted
# average. A model that is wrong each time has 0, and one that guesses about a third.
#
# Seen: `multi_f1_numeric` asks for each class whether it was meant and whether it was answered,
# and takes the "micro" average of these yes and no, which counts a right no like a right yes. A
# wrong answer is right about one of the three classes. The score is 1/3 + 2/3 of the accuracy:
# what a pruned model loses looks a third smaller. For data of two classes it counts the third one
# as perfect. `loglikelihood_f1` takes no average but the F1 of the best class, so that a model
# that gives one answer only beats one that guesses.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    lighteval==0.13.0 torch==2.14.1 transformers==5.24.0 scikit-learn==1.9.1 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
classes  model            accuracy  macro F1  multi_f1_numeric  loglikelihood_f1
      3  right                1.00      1.00              1.00              1.00
      3  right on half        0.50      0.50              0.67              0.53
      3  guesses              0.33      0.33              0.55              0.38
      3  one answer only      0.30      0.15              0.53              0.46
      3  wrong each time      0.00      0.00              0.33              0.00
      2  right                1.00      1.00              1.00              1.00
      2  right on half        0.50      0.50              0.67              0.53
      2  guesses              0.51      0.51              0.68              0.53
      2  one answer only      0.47      0.32              0.64              0.64
      2  wrong each time      0.00      0.00              0.33              0.00
SEEN

cd "$folder"
export HF_HOME="$folder/cache" HF_HUB_OFFLINE=1
"$folder/venv/bin/python" -W ignore - > "$folder/seen" 2> "$folder/log" <<'CODE'
import numpy
from lighteval.metrics.metrics import Metrics
from lighteval.models.model_output import ModelResponse
from lighteval.tasks.requests import Doc
from sklearn.metrics import f1_score

QUESTIONS = 300
random = numpy.random.default_rng(0)


def score(metric, gold, answers, classes):
    items = []
    for wanted, answer in zip(gold, answers):
        doc = Doc(query="?", choices=list("abc")[:classes], gold_index=int(wanted))
        logprobs = (-9.0 + 8.0 * (numpy.arange(classes) == answer)).tolist()
        response = ModelResponse(logprobs=logprobs)
        items.append(metric.value.sample_level_fn.prepare(doc, response))
    return float(metric.value.corpus_level_fn.compute_corpus(items))


print("classes  model            accuracy  macro F1  multi_f1_numeric  loglikelihood_f1")
for classes in (3, 2):
    gold = random.integers(classes, size=QUESTIONS)
    for name, answers in {
        "right": gold,
        "right on half": numpy.where(numpy.arange(QUESTIONS) % 2, gold, (gold + 1) % classes),
        "guesses": random.integers(classes, size=QUESTIONS),
        "one answer only": numpy.zeros(QUESTIONS, int),
        "wrong each time": (gold + 1) % classes,
    }.items():
        print(
            f"{classes:7}  {name:16}{(gold == answers).mean():9.2f}"
            f"{f1_score(gold, answers, average='macro', zero_division=0):10.2f}"
            f"{score(Metrics.multi_f1_numeric, gold, answers, classes):18.2f}"
            f"{score(Metrics.loglikelihood_f1, gold, answers, classes):18.2f}"
        )
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
