#!/usr/bin/env bash
# The perplexity of the same texts depends on the batch size in transformers' Trainer.
#
# transformers 5.24.0, accelerate 1.15.0, torch 2.13.0. A small model with random weights.
#
# Guess before the run: `eval_loss` of a language model is the mean over all tokens that have a
# label, whatever the batch size, as the loss of training is, where the Trainer counts the tokens
# (`num_items_in_batch`). So exp(eval_loss), what the documentation of language modelling prints,
# is the perplexity of the texts.
#
# Seen: each batch gives the mean over its tokens, and the Trainer takes the mean of these,
# weighted by the number of texts. At one text a batch a token of a short text counts as much as
# ten of a long one; a larger batch mixes both, and with all texts in one batch the result is the
# mean over tokens. Here every second text is short and hard: the perplexity is 6 times the right
# one at batch size 1, also at 8 where the texts are sorted by length, as loaders do that save
# padding, and right at 2 by luck. So a pruned model that is run in larger batches than its dense
# original is not compared with it. Texts packed to one length do not have this.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    transformers==5.24.0 accelerate==1.15.0 torch==2.13.0 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
over all tokens: 5.42
texts in a batch  as written  sorted by length
               1       32.11             32.11
               2        5.42             32.11
               3        5.68             28.32
               8        5.42             32.11
              32        5.42              5.42
SEEN

cd "$folder"
"$folder/venv/bin/python" -W ignore - > "$folder/seen" 2> "$folder/log" <<'CODE'
import math

import torch
from transformers import LlamaConfig, LlamaForCausalLM, Trainer, TrainingArguments
from transformers.trainer_callback import PrinterCallback

torch.set_num_threads(1)
torch.manual_seed(0)
WORDS = 50
config = LlamaConfig(
    vocab_size=WORDS,
    hidden_size=32,
    intermediate_size=64,
    num_hidden_layers=1,
    num_attention_heads=2,
    initializer_range=0.3,
)
model = LlamaForCausalLM(config).eval()


def write(length, easy):
    """A text that the model would write itself, or one at random."""
    words = torch.randint(0, WORDS, (1, length))
    for place in range(1, length if easy else 0):
        words[0, place] = model(words[:, :place]).logits[0, -1].argmax()
    return words[0]


with torch.no_grad():
    texts = [write(*((60, True) if place % 2 else (6, False))) for place in range(32)]


def pad(batch):
    length = max(map(len, batch))
    filled = torch.zeros(3, len(batch), length, dtype=torch.long)
    filled[1] = -100  # no label
    for place, words in enumerate(batch):
        filled[0, place, : len(words)] = filled[1, place, : len(words)] = words
        filled[2, place, : len(words)] = 1
    return dict(zip(("input_ids", "labels", "attention_mask"), filled, strict=True))


def perplexity(texts, size):
    options = TrainingArguments(
        "out", per_device_eval_batch_size=size, report_to=[], use_cpu=True, disable_tqdm=True
    )
    trainer = Trainer(model, options, data_collator=pad, eval_dataset=texts)
    trainer.remove_callback(PrinterCallback)
    return math.exp(trainer.evaluate()["eval_loss"])


def over_tokens():
    losses = []
    with torch.no_grad():
        for words in texts:
            logits = model(words[None]).logits[0, :-1]
            losses.append(torch.nn.functional.cross_entropy(logits, words[1:], reduction="none"))
    return torch.cat(losses).mean().exp().item()


print(f"over all tokens: {over_tokens():.2f}")
print("texts in a batch  as written  sorted by length")
for size in (1, 2, 3, 8, 32):
    values = perplexity(texts, size), perplexity(sorted(texts, key=len), size)
    print(f"{size:16}{values[0]:12.2f}{values[1]:18.2f}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
