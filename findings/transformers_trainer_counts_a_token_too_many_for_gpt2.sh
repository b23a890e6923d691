#!/usr/bin/env bash
# The perplexity of GPT-2 in transformers' Trainer counts a token that it does not predict.
#
# transformers 5.24.0, accelerate 1.15.0, torch 2.13.0. Small models with random weights.
#
# Guess before the run: `eval_loss` of a text is the loss that the model gives for it, the mean
# over all tokens but the first, which nothing comes before. A model that knows nothing has about
# the perplexity of its vocabulary, whatever the length.
#
# Seen: that is so for Llama and OPT, and not for GPT-2, nor for the first GPT. The Trainer sums
# the loss and divides by the number of labels. It leaves the first one out for models whose loss
# it finds in a table by the name of their class, and "GPT2LMHeadModel" is not in it; the model
# itself then falls back to the very same loss, and logs that. So the sum over n - 1 tokens is
# divided by n: a random GPT-2 has a perplexity of 31, and not 50, on texts of 8 tokens, and of 7
# on pairs. It looks better than a model of another kind on the same texts, and the more so the
# shorter these are. By hand, with `model(**batch).loss`, they are equal.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    transformers==5.24.0 accelerate==1.15.0 torch==2.13.0 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
tokens in a text                        2     4     8    32   128
LlamaForCausalLM      by itself       50.5  50.2  50.0  50.1  50.1
LlamaForCausalLM      by Trainer      50.5  50.2  50.0  50.1  50.1
OPTForCausalLM        by itself       49.1  49.5  49.8  50.1  50.2
OPTForCausalLM        by Trainer      49.1  49.5  49.8  50.1  50.2
GPT2LMHeadModel       by itself       49.3  49.7  50.0  50.0  50.2
GPT2LMHeadModel       by Trainer       7.0  18.7  30.7  44.3  48.6
OpenAIGPTLMHeadModel  by itself       50.0  49.9  50.0  50.2  50.1
OpenAIGPTLMHeadModel  by Trainer       7.1  18.8  30.7  44.4  48.6
SEEN

cd "$folder"
"$folder/venv/bin/python" -W ignore - > "$folder/seen" 2> "$folder/log" <<'CODE'
import math

import torch
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    OpenAIGPTConfig,
    OpenAIGPTLMHeadModel,
    OPTConfig,
    OPTForCausalLM,
    Trainer,
    TrainingArguments,
)
from transformers.trainer_callback import PrinterCallback

torch.set_num_threads(1)
WORDS = 50
gpt = {"vocab_size": WORDS, "n_embd": 16, "n_layer": 1, "n_head": 2}
other = {"vocab_size": WORDS, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
torch.manual_seed(0)
models = (
    LlamaForCausalLM(LlamaConfig(**other, intermediate_size=32)),
    OPTForCausalLM(OPTConfig(**other, ffn_dim=32, word_embed_proj_dim=16)),
    GPT2LMHeadModel(GPT2Config(**gpt)),
    OpenAIGPTLMHeadModel(OpenAIGPTConfig(**gpt)),
)


def join(texts):
    return {"input_ids": torch.stack(texts), "labels": torch.stack(texts)}


def by_trainer(model, texts):
    options = TrainingArguments(
        "out", per_device_eval_batch_size=8, report_to=[], use_cpu=True, disable_tqdm=True
    )
    trainer = Trainer(model, options, data_collator=join, eval_dataset=texts)
    trainer.remove_callback(PrinterCallback)
    return math.exp(trainer.evaluate()["eval_loss"])


def by_model(model, texts):
    with torch.no_grad():
        return model(**join(texts)).loss.exp().item()


LENGTHS = (2, 4, 8, 32, 128)
print("tokens in a text                   ", *(f"{length:5}" for length in LENGTHS))
for model in models:
    model.eval()
    for name, perplexity in (("itself", by_model), ("Trainer", by_trainer)):
        values = []
        for length in LENGTHS:
            texts = list(torch.randint(0, WORDS, (64, length), generator=torch.manual_seed(1)))
            values.append(perplexity(model, texts))
        print(f"{type(model).__name__:22}by {name:11}", *(f"{value:5.1f}" for value in values))
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
