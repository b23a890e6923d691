#!/usr/bin/env bash
# The mask 1:4 of llm-compressor leaves three weights of four, and a sparsity of 75 % beside it is not heard.
#
# llmcompressor 0.14.0.1, compressed-tensors 0.19.0, transformers 5.17.0, torch 2.13.0.
#
# Guess before the run: N:M sparsity leaves N weights in each group of M, as in the papers and in the hardware's 2:4,
# so `mask_structure="1:4"` makes 75 % of the weights zero, and a `sparsity` that contradicts it is an error.
#
# Seen: both modifiers set N of M weights to zero, so 1:4 makes 25 % of zeros and 3:4 makes 75 %. No one sees it at
# 2:4 and 4:8, where both ways to read it are one. The documentation has "integers that define a custom block shape".
# The share of zeros that is asked for in `sparsity` plays no part next to a mask, and nothing says so: 0.75 with
# 2:4 is 50 %, and 0.75 with 1:4 is 25 %.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    llmcompressor==0.14.0.1 compressed-tensors==0.19.0 transformers==5.17.0 torch==2.13.0 \
    datasets==5.2.0 tokenizers==0.23.3 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
modifier   mask   sparsity   zeros   weights left in a group
Wanda      2:4         0.5      50 %   2 of 4
Wanda      1:4        0.75      25 %   3 of 4
Wanda      1:4        0.25      25 %   3 of 4
Wanda      3:4        0.25      75 %   1 of 4
Wanda      2:4        0.75      50 %   2 of 4
Wanda      2:8        0.75      25 %   6 of 8
SparseGPT  2:4         0.5      50 %   2 of 4
SparseGPT  1:4        0.75      25 %   3 of 4
SparseGPT  1:4        0.25      25 %   3 of 4
SparseGPT  3:4        0.25      75 %   1 of 4
SparseGPT  2:4        0.75      50 %   2 of 4
SparseGPT  2:8        0.75      25 %   6 of 8
SEEN

cd "$folder"
export HF_HOME="$folder/cache" HF_HUB_OFFLINE=1 LLM_COMPRESSOR_LOG_LEVEL=ERROR
"$folder/venv/bin/python" -W ignore - > "$folder/seen" 2> "$folder/log" <<'CODE'
import datasets
import torch
from llmcompressor import oneshot
from llmcompressor.modifiers.pruning import SparseGPTModifier, WandaPruningModifier
from tokenizers import Tokenizer, models
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

torch.set_num_threads(1)
torch.manual_seed(0)
VOCABULARY, LENGTH, TEXTS = 64, 16, 8
words = Tokenizer(models.WordLevel({str(n): n for n in range(VOCABULARY)}, unk_token="0"))
PreTrainedTokenizerFast(tokenizer_object=words, unk_token="0", pad_token="0").save_pretrained("model")
config = LlamaConfig(
    vocab_size=VOCABULARY, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4
)
LlamaForCausalLM(config).save_pretrained("model")
ids = torch.randint(0, VOCABULARY, (TEXTS, LENGTH)).tolist()
texts = datasets.Dataset.from_dict({"input_ids": ids, "attention_mask": [[1] * LENGTH] * TEXTS})


def prune(modifier):
    model = LlamaForCausalLM.from_pretrained("model")
    oneshot(model=model, dataset=texts, recipe=modifier, num_calibration_samples=TEXTS, max_seq_length=LENGTH)
    return model.model.layers[0].mlp.up_proj.weight != 0


print("modifier   mask   sparsity   zeros   weights left in a group")
for method, modifier in (("Wanda", WandaPruningModifier), ("SparseGPT", SparseGPTModifier)):
    for mask, sparsity in (("2:4", 0.5), ("1:4", 0.75), ("1:4", 0.25), ("3:4", 0.25), ("2:4", 0.75), ("2:8", 0.75)):
        left = prune(modifier(sparsity=sparsity, mask_structure=mask, ignore=["re:.*lm_head"]))
        group = int(mask[-1])
        counts = left.view(-1, group).sum(1).unique().tolist()
        print(
            f"{method:11}{mask:7}{sparsity:8}{100 * (~left).float().mean():8.0f} %"
            f"   {' or '.join(map(str, counts))} of {group}"
        )
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
