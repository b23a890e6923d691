#!/usr/bin/env bash
# BLEU of answers that are all right can be 0.
#
# sacrebleu 2.6.0.
#
# Guess before the run: a system whose every answer is its reference scores 100, whatever the length; chrF and TER,
# which the same package computes, say so too.
#
# Seen: `corpus_bleu` of right answers of up to three words is 0, without a warning: there is no run of four words
# in the whole corpus, and the smoothing that is on by default does not smooth a count of 0 out of 0. One longer
# right answer among a thousand, and the score is 100; one wrong word in that one, and it is 84, with 999 answers
# in 1000 right. `sentence_bleu`, which leaves out the lengths that a sentence does not have, gives 100 each time.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check sacrebleu==2.6.0

cat > "$folder/expected" <<'SEEN'
                    BLEU   chrF  100 - TER  mean of sentence BLEU
1000 right, short     0.0  100.0      100.0                  100.0
and one of 4 words  100.0  100.0      100.0                  100.0
that one not right   84.1   99.9      100.0                  100.0
SEEN

"$folder/venv/bin/python" - > "$folder/seen" <<'CODE'
import sacrebleu

short = ["a dog ran"] * 999
CORPORA = {
    "1000 right, short": (["the cat sat"], ["the cat sat"]),
    "and one of 4 words": (["the cat sat down"], ["the cat sat down"]),
    "that one not right": (["the cat sat up"], ["the cat sat down"]),
}
print("                    BLEU   chrF  100 - TER  mean of sentence BLEU")
for name, (hypotheses, references) in CORPORA.items():
    hypotheses, references = short + hypotheses, short + references
    sentences = [sacrebleu.sentence_bleu(*pair).score for pair in zip(hypotheses, ([r] for r in references))]
    print(
        f"{name:19} {sacrebleu.corpus_bleu(hypotheses, [references]).score:5.1f}"
        f" {sacrebleu.corpus_chrf(hypotheses, [references]).score:6.1f}"
        f" {100 - sacrebleu.corpus_ter(hypotheses, [references]).score:10.1f}"
        f" {sum(sentences) / len(sentences):22.1f}"
    )
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
