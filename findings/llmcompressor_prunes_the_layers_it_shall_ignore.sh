#!/usr/bin/env bash
# llm-compressor's Wanda and SparseGPT prune a layer although its name is in their list of layers to ignore.
#
# llmcompressor 0.14.0.1, compressed-tensors 0.19.0, transformers 5.17.0, torch 2.13.0.
#
# Guess before the run: `ignore=["lm_head"]` keeps the output layer dense. It is the list that the quantising
# modifiers take, and the documentation has "module class names or submodule names to not quantize even if they
# match a target".
#
# Seen: neither modifier ignores it, nor a layer deep in the model by its full name. They append each module's name in
# its target to the target's name, and where the target is the layer itself the name in it is empty: what is matched is
# "lm_head." with a dot at its end. For the same reason the warning that lm_head gets pruned never comes. A regular
# expression helps, unless it ends with `$`. The quantiser ignores the layer by its name, as it shall.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    llmcompressor==0.14.0.1 compressed-tensors==0.19.0 transformers==5.17.0 torch==2.13.0 \
    datasets==5.2.0 tokenizers==0.23.3 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
modifier     ignore                                          lm_head layers.0.mlp.up_proj layers.1.mlp.up_proj
Wanda        nothing                                        50 % 0             50 % 0             50 % 0
Wanda        lm_head                                        50 % 0             50 % 0             50 % 0
Wanda        re:lm_head$                                    50 % 0             50 % 0             50 % 0
Wanda        re:.*lm_head                                    0 % 0             50 % 0             50 % 0
Wanda        model.layers.0.mlp.up_proj                     50 % 0             50 % 0             50 % 0
SparseGPT    nothing                                        50 % 0             50 % 0             50 % 0
SparseGPT    lm_head                                        50 % 0             50 % 0             50 % 0
SparseGPT    re:lm_head$                                    50 % 0             50 % 0             50 % 0
SparseGPT    re:.*lm_head                                    0 % 0             50 % 0             50 % 0
SparseGPT    model.layers.0.mlp.up_proj                     50 % 0             50 % 0             50 % 0
quantiser    lm_head                                     as it was             8 bits             8 bits
quantiser    model.layers.0.mlp.up_proj                     8 bits          as it was             8 bits
SEEN

cd "$folder"
export HF_HOME="$folder/cache" HF_HUB_OFFLINE=1 LLM_COMPRESSOR_LOG_LEVEL=ERROR
"$folder/venv/bin/python" -W ignore - > "$folder/seen" 2> "$folder/log" <<'CODE'
import datasets
import torch
from llmcompressor import oneshot
from llmcompressor.modifiers.pruning import SparseGPTModifier, WandaPruningModifier
from llmcompressor.modifiers.quantization import QuantizationModifier
from tokenizers import Tokenizer, models
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

torch.set_num_threads(1)
torch.manual_seed(0)
VOCABULARY, LENGTH, TEXTS = 64, 16, 8
words = Tokenizer(models.WordLevel({str(n): n for n in range(VOCABULARY)}, unk_token="0"))
PreTrainedTokenizerFast(tokenizer_object=words, unk_token="0", pad_token="0").save_pretrained("model")
config = LlamaConfig(
    vocab_size=VOCABULARY,
    hidden_size=128,
    intermediate_size=128,
    num_hidden_layers=2,
    num_attention_heads=4,
    tie_word_embeddings=False,
)
LlamaForCausalLM(config).save_pretrained("model")
ids = torch.randint(0, VOCABULARY, (TEXTS, LENGTH)).tolist()
texts = datasets.Dataset.from_dict({"input_ids": ids, "attention_mask": [[1] * LENGTH] * TEXTS})
LAYERS = ("lm_head", "model.layers.0.mlp.up_proj", "model.layers.1.mlp.up_proj")


def compress(modifier):
    model = LlamaForCausalLM.from_pretrained("model")
    oneshot(model=model, dataset=texts, recipe=modifier, num_calibration_samples=TEXTS, max_seq_length=LENGTH)
    return [model.get_submodule(name) for name in LAYERS]


print(f"{'modifier':13}{'ignore':34}" + "".join(f"{name.removeprefix('model.'):>21}" for name in LAYERS))
for method, modifier in (("Wanda", WandaPruningModifier), ("SparseGPT", SparseGPTModifier)):
    for ignore in ([], ["lm_head"], ["re:lm_head$"], ["re:.*lm_head"], ["model.layers.0.mlp.up_proj"]):
        zeros = [100 * (layer.weight == 0).float().mean() for layer in compress(modifier(sparsity=0.5, ignore=ignore))]
        named = ", ".join(ignore) or "nothing"
        print(f"{method:13}{named:34}" + "".join(f"{share:15.0f} % 0" for share in zeros))
for ignore in (["lm_head"], ["model.layers.0.mlp.up_proj"]):
    layers = compress(QuantizationModifier(targets="Linear", scheme="W8A16", ignore=ignore))
    kept = ["8 bits" if hasattr(layer, "quantization_scheme") else "as it was" for layer in layers]
    print(f"{'quantiser':13}{', '.join(ignore):34}" + "".join(f"{what:>19}" for what in kept))
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
