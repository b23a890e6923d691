#!/usr/bin/env bash
# A model to which all answers are alike is perfect or hopeless in lighteval, by the metric.
#
# lighteval 0.13.0, torch 2.14.1.
#
# Guess before the run: of four answers with the same log-probability the right one has the
# probability 1/4 among them, and the mean reciprocal rank of four answers in any order is 0.52.
# A model that was pruned to nothing and gives each token the same probability has these.
#
# Seen: `MRR` looks for the place of the right answer's log-probability in the sorted list, which
# is the first of all that are equal: such a model has 1, and each tie in another one counts for
# it. `NormalizedMultiChoiceProbability` divides probabilities, not log-probabilities: for answers
# of 70 tokens from a vocabulary of 50257 they are too small for a float, the sum is 0, and so is
# the score, which the code sets where it would divide by 0. That is so for a model that is right
# each time, too, where it is sure of no token: its accuracy is 1 and its probability 0. Pruning
# costs certainty first, and so this metric falls below chance on long answers before the accuracy
# falls at all.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    lighteval==0.13.0 torch==2.14.1 transformers==5.24.0 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
model                   tokens  accuracy    MRR  probability of the right one, as softmax
guesses                      1      0.27   0.53                          0.25        0.25
guesses                     20      0.25   0.53                          0.25        0.25
guesses                     70      0.24   0.51                          0.25        0.25
guesses                    100      0.25   0.52                          0.00        0.25
all alike                    1      0.23   1.00                          0.25        0.25
all alike                   20      0.23   1.00                          0.25        0.25
all alike                   70      0.23   1.00                          0.00        0.25
all alike                  100      0.23   1.00                          0.00        0.25
right, 8 nats a token        1      1.00   1.00                          0.87        0.87
right, 8 nats a token       20      1.00   1.00                          0.87        0.87
right, 8 nats a token       70      1.00   1.00                          0.87        0.87
right, 8 nats a token      100      1.00   1.00                          0.00        0.87
SEEN

cd "$folder"
export HF_HOME="$folder/cache" HF_HUB_OFFLINE=1
"$folder/venv/bin/python" -W ignore - > "$folder/seen" 2> "$folder/log" <<'CODE'
import numpy
from lighteval.metrics.metrics_sample import MRR, LoglikelihoodAcc, NormalizedMultiChoiceProbability
from lighteval.models.model_output import ModelResponse
from lighteval.tasks.requests import Doc

QUESTIONS, CHOICES, VOCABULARY = 1000, 4, 50257
METRICS = (LoglikelihoodAcc(), MRR(), NormalizedMultiChoiceProbability())
random = numpy.random.default_rng(0)
right = random.integers(CHOICES, size=QUESTIONS)


def score(logprobs):
    scores = []
    for gold, row in zip(right, logprobs):
        doc = Doc(query="?", choices=list("abcd"), gold_index=int(gold))
        response = ModelResponse(logprobs=row.tolist(), output_tokens=[[0]] * CHOICES)
        scores.append([metric.compute(doc, response) for metric in METRICS])
    softmax = numpy.exp(logprobs - logprobs.max(axis=1, keepdims=True))
    softmax /= softmax.sum(axis=1, keepdims=True)
    return *numpy.mean(scores, axis=0), softmax[numpy.arange(QUESTIONS), right].mean()


def guess(tokens):
    """The same for each answer, with a little noise that has nothing to do with the question."""
    return -8.0 * tokens + random.normal(scale=0.01, size=(QUESTIONS, CHOICES))


def know(tokens):
    """As unsure of each token, but the right answer is three nats ahead."""
    return guess(tokens) + 3 * numpy.eye(CHOICES)[right]


def give_all_alike(tokens):
    return numpy.full((QUESTIONS, CHOICES), -tokens * numpy.log(VOCABULARY))


print("model                   tokens  accuracy    MRR  probability of the right one, as softmax")
MODELS = {"guesses": guess, "all alike": give_all_alike, "right, 8 nats a token": know}
for name, make in MODELS.items():
    for tokens in (1, 20, 70, 100):
        accuracy, rank, probability, softmax = score(make(tokens))
        print(f"{name:24}{tokens:6}{accuracy:10.2f}{rank:7.2f}{probability:30.2f}{softmax:12.2f}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
