#!/usr/bin/env bash
# Calibration texts that shall not be shuffled are sorted by llm-compressor, and the longest ones taken.
#
# llmcompressor 0.14.0.1, compressed-tensors 0.19.0, transformers 5.17.0, torch 2.13.0.
#
# Guess before the run: `shuffle_calibration_samples` is documented as "whether to shuffle the dataset before selecting
# calibration data". Where it is off, `num_calibration_samples=4` selects the first four texts in their order, and
# the mask is that of a data set of these four.
#
# Seen: the four longest texts of the whole data set are selected, the longest first. The sorting is there to make
# batches of like lengths, but it takes place before the selection, and with batches of one too. Who turns the shuffling
# off for a result that can be repeated calibrates on other texts than the first ones, on several times as many
# tokens, and on one kind of text where kinds differ in length; no warning says so. The masks differ.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    llmcompressor==0.14.0.1 compressed-tensors==0.19.0 transformers==5.17.0 torch==2.13.0 \
    datasets==5.2.0 tokenizers==0.23.3 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
the first 4 of 12 texts have 8, 12, 10, 6 tokens
given only these texts  read 12, 10, 8, 6    mask in common with the first 100 %
given all texts         read 64, 50, 40, 32  mask in common with the first  93 %
SEEN

cd "$folder"
export HF_HOME="$folder/cache" HF_HUB_OFFLINE=1 LLM_COMPRESSOR_LOG_LEVEL=ERROR
"$folder/venv/bin/python" -W ignore - > "$folder/seen" 2> "$folder/log" <<'CODE'
import datasets
import torch
from llmcompressor import oneshot
from llmcompressor.modifiers.pruning import WandaPruningModifier
from tokenizers import Tokenizer, models
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

torch.set_num_threads(1)
torch.manual_seed(0)
VOCABULARY, SAMPLES = 64, 4
LENGTHS = [8, 12, 10, 6, 40, 9, 64, 11, 32, 7, 50, 13]  # tokens of each text, in the order of the data set
words = Tokenizer(models.WordLevel({str(n): n for n in range(VOCABULARY)}, unk_token="0"))
PreTrainedTokenizerFast(tokenizer_object=words, unk_token="0", pad_token="0").save_pretrained("model")
config = LlamaConfig(
    vocab_size=VOCABULARY, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4
)
LlamaForCausalLM(config).save_pretrained("model")
kinds = [(1, 32) if length < 20 else (32, VOCABULARY) for length in LENGTHS]  # long texts have other words
ids = [torch.randint(*kind, (length,)).tolist() for kind, length in zip(kinds, LENGTHS)]
texts = datasets.Dataset.from_dict({"input_ids": ids, "attention_mask": [[1] * len(text) for text in ids]})


class Noting(WandaPruningModifier):
    def calibrate_module(self, module, args, output):
        if module is model.model.layers[0].mlp.up_proj:
            read.append(args[0].shape[1])
        super().calibrate_module(module, args, output)


first, masks = texts.select(range(SAMPLES)), []
print(f"the first {SAMPLES} of {len(LENGTHS)} texts have {', '.join(map(str, LENGTHS[:SAMPLES]))} tokens")
for name, chosen in (("only these texts", first), ("all texts", texts)):
    read = []
    model = LlamaForCausalLM.from_pretrained("model")
    oneshot(
        model=model,
        dataset=chosen,
        recipe=Noting(sparsity=0.5, ignore=["re:.*lm_head"]),
        num_calibration_samples=SAMPLES,
        max_seq_length=max(LENGTHS),
        shuffle_calibration_samples=False,
    )
    masks.append(torch.cat([layer.mlp.up_proj.weight.flatten() != 0 for layer in model.model.layers]))
    same = 100 * (masks[0] == masks[-1]).float().mean()
    print(f"given {name:17} read {', '.join(map(str, read)):15} mask in common with the first {same:3.0f} %")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
