#!/usr/bin/env bash
# One changed sentence of 200, or none, is a significant difference for sacreBLEU's randomisation test.
#
# sacrebleu 2.6.0.
#
# Guess before the run: a model against a lossless copy of itself has p = 1, and so has a model against one that
# answers one sentence of 200 otherwise: to exchange that answer or not leaves the same two scores. With two changed
# sentences p is 0.5 at the least, since of the four exchanges two give the whole difference.
#
# Seen: the p-value counts the exchanges with a difference *larger* than the one seen, where the test has "at least as
# large". The whole difference is the largest there is whenever all changes go the same way, so that nothing is counted
# and p is 1 / (trials + 1), the smallest that sacreBLEU can print. So a copy is "significantly different" at the
# level 0.0001, and so is a light pruning that spoils a single answer. The line that counts says in a comment that it
# means to find a system different from itself. The paired bootstrap counts in the same way and errs for the copy.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check sacrebleu==2.6.0 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
changed  metric   scores          p as defined  randomisation  bootstrap
0        BLEU     43.71  43.71          1.0000         0.0001     0.0001
0        chrF2    62.43  62.43          1.0000         0.0001     0.0001
1        BLEU     43.71  43.51          1.0000         0.0001     0.1123
1        chrF2    62.43  62.27          1.0000         0.0001     0.1282
2        BLEU     43.71  43.13          0.5000         0.0001     0.1030
2        chrF2    62.43  61.89          0.5000         0.0001     0.1170
4        BLEU     43.71  42.68          0.1250         0.0001     0.0390
4        chrF2    62.43  61.32          0.1250         0.0001     0.0386
SEEN

cd "$folder"
"$folder/venv/bin/python" - > "$folder/seen" 2> "$folder/log" <<'CODE'
import itertools
import random

from sacrebleu.metrics import BLEU, CHRF
from sacrebleu.significance import PairedTest

WORDS = "the a cat dog mouse sat ran slept on under near mat house tree in old red big small slowly".split()
random.seed(0)
references = [" ".join(random.choices(WORDS, k=10)) for _ in range(200)]


def err(sentence):
    return " ".join(random.choice(WORDS) if random.random() < 0.3 else word for word in sentence.split())


first = [err(sentence) for sentence in references]
makers = {"BLEU": BLEU, "chrF2": CHRF}


def exact(metric, second, changed):
    """Share of all exchanges of the changed sentences with a difference at least as large as the one seen."""
    differences = []
    for swap in itertools.product((False, True), repeat=changed):
        pair = [list(first), list(second)]
        for place, swapped in enumerate(swap):
            if swapped:
                pair[0][place], pair[1][place] = second[place], first[place]
        scores = [metric.corpus_score(texts, None).score for texts in pair]
        differences.append(abs(scores[0] - scores[1]))
    seen = differences[0]
    return sum(difference >= seen - 1e-9 for difference in differences) / len(differences)


print("changed  metric   scores          p as defined  randomisation  bootstrap")
for changed in (0, 1, 2, 4):
    second = ["no answer at all"] * changed + first[changed:]
    p = {}
    for test in ("ar", "bs"):
        metrics = {name: make(references=[references]) for name, make in makers.items()}
        systems = [("first", first), ("second", second)]
        for name, results in PairedTest(systems, metrics, None, test_type=test, n_samples=10_000)()[1].items():
            if name != "System":
                p[name, test] = results
    for name, make in makers.items():
        (before, after), (_, resampled) = p[name, "ar"], p[name, "bs"]
        right = exact(make(references=[references]), second, changed)
        print(
            f"{changed:<9}{name:9}{before.score:.2f}  {after.score:.2f}"
            f"{right:16.4f}{after.p_value:15.4f}{resampled.p_value:11.4f}"
        )
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
