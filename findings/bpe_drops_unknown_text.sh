#!/usr/bin/env bash
# A BPE tokenizer without an unknown token drops text without a word.
#
# tokenizers 0.23.3.
#
# Guess before the run: each kind of model raises an error for a character that is not in its vocabulary
# where no unknown token was given; WordPiece, WordLevel and Unigram do.
#
# Seen: BPE, whose unknown token is absent by default, leaves such characters out of the tokens. A model
# that is scored on the text never sees them, and no token stands where they were: "the zebra sat" is
# scored as "the era sat" by a vocabulary without z and b. Perplexity per token then says nothing of what
# was lost, and bits per byte, divided by the length of the text, come out too good. The offsets show the
# gaps. Byte-level BPE with all 256 bytes in its vocabulary has no unknown characters.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    tokenizers==0.23.3

cat > "$folder/expected" <<'SEEN'
WordLevel  raises an error
WordPiece  raises an error
Unigram    raises an error
BPE        11 letters in, 9 in the tokens: the era sat
SEEN

"$folder/venv/bin/python" - > "$folder/seen" <<'CODE'
from tokenizers import Tokenizer, models, pre_tokenizers

TEXT = "the zebra sat"
WORDS = ("the", "cat", "sat")
LETTERS = sorted(set("thecatsatr"))
ids = {token: number for number, token in enumerate((*LETTERS, *WORDS))}
KINDS = {
    "WordLevel": models.WordLevel(ids),
    "WordPiece": models.WordPiece(ids),
    "Unigram": models.Unigram([(token, -1.0) for token in ids]),
    "BPE": models.BPE(vocab=ids, merges=[]),
}
for name, model in KINDS.items():
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    try:
        encoded = tokenizer.encode(TEXT)
    except Exception:
        print(f"{name:10} raises an error")
        continue
    words = [""] * len(TEXT.split())
    for token, word in zip(encoded.tokens, encoded.word_ids, strict=True):
        words[word] += token
    counts = len(TEXT.replace(" ", "")), sum(map(len, words))
    print(f"{name:10} {counts[0]} letters in, {counts[1]} in the tokens: {' '.join(words)}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
