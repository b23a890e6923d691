#!/usr/bin/env bash
# A language model that answers NaN to everything gets an accuracy in lm-eval, with its standard error.
#
# lm_eval 0.4.13, transformers 5.24.0, torch 2.14.1, tokenizers 0.23.3.
#
# Guess before the run: where every log-likelihood is NaN, lm-eval counts the answers as wrong, says so or stops.
#
# Seen: it takes the `argmax` of the options, which for NaN is the first one, and so counts the questions whose right
# answer comes first. Here one weight is too large for float16, and all logits are NaN. On questions with "no" before
# "yes" and more "no" than "yes" the accuracy is then higher than that of the same model in float32, and it comes with
# a standard error. Nothing warns, and `acc_norm` says the same; only a task with a perplexity shows the NaN.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    "lm_eval[hf]==0.4.13" transformers==5.24.0 torch==2.14.1 tokenizers==0.23.3 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
            NaN in the logits    acc  stderr  acc_norm  word_perplexity
float32                   0 %   0.55    0.11      0.35            26.95
float16                 100 %   0.65    0.11      0.65              nan
SEEN

cd "$folder"
export HF_HOME="$folder/cache" HF_HUB_OFFLINE=1
"$folder/venv/bin/python" - > "$folder/seen" 2> "$folder/log" <<'CODE'
import contextlib
import json
import pathlib
import sys

import torch
from lm_eval import simple_evaluate
from lm_eval.models.huggingface import HFLM
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

torch.set_num_threads(1)
tokens = ["<end>", "is", "good", "?", "no", "yes", *map(str, range(20))]
vocabulary = {token: number for number, token in enumerate(tokens)}
words = Tokenizer(models.WordLevel(vocabulary, unk_token="<end>"))
words.pre_tokenizer = pre_tokenizers.Whitespace()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, eos_token="<end>", pad_token="<end>")

questions = [{"question": f"is {n} good ?", "answer": int(n % 3 == 0)} for n in range(20)]  # 13 of 20 are "no"
pathlib.Path("questions.json").write_text("\n".join(map(json.dumps, questions)))
TASK = {
    "dataset_path": "json",
    "dataset_kwargs": {"data_files": {"test": "questions.json"}},
    "test_split": "test",
}
CHOICES = TASK | {
    "task": "choices",
    "output_type": "multiple_choice",
    "doc_to_text": "question",
    "doc_to_choice": ["no", "yes"],
    "doc_to_target": "answer",
    "metric_list": [{"metric": "acc"}, {"metric": "acc_norm"}],
}
PERPLEXITY = TASK | {
    "task": "perplexity",
    "output_type": "loglikelihood_rolling",
    "doc_to_text": "",
    "doc_to_target": "question",
    "metric_list": [{"metric": "word_perplexity"}],
}


def make(dtype):
    torch.manual_seed(3)
    model = GPT2LMHeadModel(GPT2Config(vocab_size=len(tokens), n_positions=32, n_embd=32, n_layer=2, n_head=2))
    model.transformer.h[0].ln_1.weight.data[0] = 1e5  # more than float16 can hold
    return model.to(dtype).eval()


print(f"{'':9}   NaN in the logits    acc  stderr  acc_norm  word_perplexity")
for dtype in (torch.float32, torch.float16):
    model = make(dtype)
    nan = model(torch.tensor([[1, 6, 2, 3]])).logits.isnan().float().mean()
    with contextlib.redirect_stdout(sys.stderr):
        results = simple_evaluate(
            HFLM(pretrained=model, tokenizer=tokenizer, batch_size=1),
            tasks=[CHOICES, PERPLEXITY],
            bootstrap_iters=100,
        )["results"]
    of_choices, of_words = results["choices"], results["perplexity"]
    print(
        f"{str(dtype)[6:]:9}{100 * nan:18.0f} %{of_choices['acc,none']:7.2f}{of_choices['acc_stderr,none']:8.2f}"
        f"{of_choices['acc_norm,none']:10.2f}{of_words['word_perplexity,none']:17.2f}"
    )
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
