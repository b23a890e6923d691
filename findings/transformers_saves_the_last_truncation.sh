#!/usr/bin/env bash
# The file of a tokenizer cuts texts or not, depending on the last call before it was saved.
#
# transformers 5.24.0, tokenizers 0.23.3.
#
# Guess before the run: `truncation=True, max_length=4` is an argument of one call. `save_pretrained` writes the
# tokenizer that was made, and who reads its file gets all tokens of a text, whatever the tokenizer was used for
# before.
#
# Seen: transformers sets truncation and padding in the tokenizer of the library tokenizers for each call and leaves
# them there, and `save_pretrained` writes them to tokenizer.json. transformers sets them anew in its next call and so
# never notices. tokenizers itself obeys the file: saved after a call with `max_length=4`, it reads four tokens of
# each text; saved after one more call without, all of them. Nothing warns. A tool that prunes or quantises with short
# texts for calibration and saves then so changes what others read (pull request 2917 of llm-compressor found that in
# published models; issue 24441 of transformers reports the two different files).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    transformers==5.24.0 tokenizers==0.23.3

cat > "$folder/expected" <<'SEEN'
last call before save_pretrained  tokens of the text by transformers  by tokenizers
none                                                              10             10
tokenizer(text, truncation=True)                                  10              4
tokenizer(text)                                                   10             10
tokenizer(text, padding=...)                                      10             16
SEEN

cd "$folder"
export HF_HOME="$folder/cache" HF_HUB_OFFLINE=1
"$folder/venv/bin/python" -W error - > "$folder/seen" 2> "$folder/log" <<'CODE'
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

TEXT = "half of all weights are zero and nobody can tell"
vocabulary = {word: number for number, word in enumerate(["<pad>", *TEXT.split()])}
words = Tokenizer(models.WordLevel(vocabulary, "<pad>"))
words.pre_tokenizer = pre_tokenizers.Whitespace()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>")

print(f"{'last call before save_pretrained':34}tokens of the text by transformers  by tokenizers")
for name, options in {
    "none": None,
    "tokenizer(text, truncation=True)": {"truncation": True, "max_length": 4},
    "tokenizer(text)": {},
    "tokenizer(text, padding=...)": {"padding": "max_length", "max_length": 16},
}.items():
    if options is not None:
        tokenizer("half of all", **options)
    tokenizer.save_pretrained("saved")
    by_transformers = AutoTokenizer.from_pretrained("saved")(TEXT).input_ids
    by_tokenizers = Tokenizer.from_file("saved/tokenizer.json").encode(TEXT).ids
    print(f"{name:34}{len(by_transformers):34}{len(by_tokenizers):15}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
