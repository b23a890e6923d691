#!/usr/bin/env bash
# lighteval's chrF and TER of a whole test are those of its first answer.
#
# lighteval 0.13.0, sacrebleu 2.6.0, torch 2.14.1.
#
# Guess before the run: the corpus metrics `chrf`, `chrf_plus` and `ter`, "by using the
# sacrebleu implementation", give the score that it gives for the same answers and references.
#
# Seen: sacrebleu takes lists of references that are as long as the test, one for each of several
# translators. lighteval hands over one list for each answer, of its own references. sacrebleu
# then knows as many translators as there are answers and a test of one sentence: it compares the
# first answer with the references of all, and leaves the other answers out, without a word. A
# model that answers the first question rightly and no other has 100, one that fails at the first
# alone has 6, and one that gives each answer to the wrong question has 100 as well. The score of
# a pruned model does not change until its first answer does. `bleu` turns the lists around.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    lighteval==0.13.0 torch==2.14.1 transformers==5.24.0 sacrebleu==2.6.0 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
                                              chrF              chrF++                 TER
                               lighteval sacrebleu lighteval sacrebleu lighteval sacrebleu
all right                          100.0     100.0     100.0     100.0       0.0       0.0
the first right alone              100.0      33.1     100.0      33.4       0.0      70.6
the first wrong alone                6.3      77.8       5.4      77.0      94.1      29.4
each to another question           100.0      14.4     100.0      13.4       0.0      97.1
the first, a word left out          81.3      95.0      82.4      95.2      11.8       2.9
SEEN

cd "$folder"
export HF_HOME="$folder/cache" HF_HUB_OFFLINE=1
"$folder/venv/bin/python" -W ignore - > "$folder/seen" 2> "$folder/log" <<'CODE'
from lighteval.metrics.metrics import Metrics
from lighteval.models.model_output import ModelResponse
from lighteval.tasks.requests import Doc
from sacrebleu.metrics import CHRF, TER

REFERENCES = [
    "the cat sat on the mat in the old house",
    "a dog ran under the big red tree",
    "mice slept near the small river all day",
    "the boy read a book on the train",
]
METRICS = {
    "chrF": (Metrics.chrf, CHRF()),
    "chrF++": (Metrics.chrf_plus, CHRF(word_order=2)),
    "TER": (Metrics.ter, TER()),
}


def score(metric, answers):
    items = []
    for reference, answer in zip(REFERENCES, answers):
        doc = Doc(query="translate", choices=[reference], gold_index=0)
        items.append(metric.value.sample_level_fn.prepare(doc, ModelResponse(text=[answer])))
    return metric.value.corpus_level_fn.compute_corpus(items)


first, *others = REFERENCES
print(f"{'':30}{''.join(f'{name:>20}' for name in METRICS)}")
print(f"{'':30}{'lighteval sacrebleu'.rjust(20) * len(METRICS)}")
for name, answers in {
    "all right": REFERENCES,
    "the first right alone": [first, "nothing", "at", "all"],
    "the first wrong alone": ["nothing", *others],
    "each to another question": [*others, first],
    "the first, a word left out": [first.replace(" old", ""), *others],
}.items():
    scores = "".join(
        f"{score(metric, answers):10.1f}{right.corpus_score(answers, [REFERENCES]).score:10.1f}"
        for metric, right in METRICS.values()
    )
    print(f"{name:30}{scores}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
