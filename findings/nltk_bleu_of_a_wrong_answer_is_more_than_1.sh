#!/usr/bin/env bash
# NLTK's BLEU of an answer with a word too few can be more than 1.
#
# nltk 3.10.4.
#
# Guess before the run: whatever smoothing function is chosen, BLEU is 1 where an answer equals
# its reference and less where it does not, and never more, as a precision that is not.
#
# Seen: the functions method5 and method7 average the precision of each length with those of its
# neighbours, and the first one's neighbour before it is "itself plus 1", so that a precision of 1
# counts as 1.33. Right answers of five words and more have 1.12, and one that lacks the last of
# fifteen words has 1.04 in spite of the penalty for being short. That is more than right answers
# of four words have, and in the average over a test such sentences pay for mistakes in others: a
# model that leaves out one word of twelve in each answer has a corpus BLEU of 1.02. The other
# functions end at 1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check nltk==3.10.4

cat > "$folder/expected" <<'SEEN'
answer                    method0  method1  method2  method3  method4  method5  method7
 2 words, right               0.00     0.32     0.71     0.59     0.22     0.39     0.44
 3 words, right               0.00     0.56     0.84     0.84     0.58     0.70     0.75
 4 words, right               1.00     1.00     1.00     1.00     1.00     1.01     1.01
 5 words, right               1.00     1.00     1.00     1.00     1.00     1.12     1.12
10 words, right               1.00     1.00     1.00     1.00     1.00     1.12     1.12
15 words, right               1.00     1.00     1.00     1.00     1.00     1.12     1.12
15 words, 1 left out         0.93     0.93     0.93     0.93     0.93     1.04     1.04
15 words, 2 left out         0.86     0.86     0.86     0.86     0.86     0.96     0.96
15 words, 3 left out         0.78     0.78     0.78     0.78     0.78     0.87     0.87
corpus, 1 of 12 left out     0.91     0.91     0.91     0.91     0.91     1.02     1.02
SEEN

"$folder/venv/bin/python" -W ignore - > "$folder/seen" 2> "$folder/log" <<'CODE'
from nltk.translate.bleu_score import SmoothingFunction, corpus_bleu, sentence_bleu

smoothing = SmoothingFunction()
METHODS = [getattr(smoothing, f"method{number}") for number in (0, 1, 2, 3, 4, 5, 7)]
text = "the cat sat on a mat in the old red house while mice ran under big trees".split()


def score(bleu, references, answers):
    return "".join(f"{bleu(references, answers, smoothing_function=each):9.2f}" for each in METHODS)


print(f"{'answer':24}{''.join(f'{each.__name__:>9}' for each in METHODS)}")
for words in (2, 3, 4, 5, 10, 15):
    print(f"{words:2} words, right          {score(sentence_bleu, [text[:words]], text[:words])}")
for words, wrong in ((15, 1), (15, 2), (15, 3)):
    answer = text[: words - wrong]
    name = f"{words:2} words, {wrong} left out"
    print(f"{name:24}{score(sentence_bleu, [text[:words]], answer)}")
references = [[text[start : start + 12]] for start in range(5)]
answers = [text[start : start + 11] for start in range(5)]
print(f"{'corpus, 1 of 12 left out':24}{score(corpus_bleu, references, answers)}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
