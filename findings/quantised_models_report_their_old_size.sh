#!/usr/bin/env bash
# A model of two bits a weight has the size of its float32 original, say the usual ways to measure it.
#
# optimum-quanto 0.2.7, torchao 0.18.0, transformers 5.24.0, torch 2.14.1.
#
# Guess before the run: after quantising to 8, 4 or 2 bits the bytes of all parameters, `numel() * element_size()` or
# `nbytes`, and `get_memory_footprint` of transformers ("will return the memory footprint of the current model in
# bytes", "useful to benchmark") go down like the file does.
#
# Seen: they do not move. The quantised tensors pass for tensors of the old type, `element_size` included, so that
# each sum counts four bytes a weight for what takes one, a half or a quarter of one. Nothing warns. The file has the
# right size, and so has `get_model_size_in_bytes` of torchao, which looks into the tensors, those of quanto too. Pull
# requests of transformers (37764, 42818) name the wrong `element_size` and work around it where memory is set aside
# for loading.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    optimum-quanto==0.2.7 torchao==0.18.0 transformers==5.24.0 torch==2.14.1 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
kB               parameters  nbytes  get_memory_footprint  get_model_size  file
float32                8525    8525                  8525            8525  8533
quanto qint8           8525    8525                  8525            2211  2233
quanto qint4           8525    8525                  8525            1260  1286
quanto qint2           8525    8525                  8525             732   758
torchao int8           8525    8525                  8525            2218  2236
torchao float8         8525    8525                  8525            2211  2226
SEEN

"$folder/venv/bin/python" - > "$folder/seen" 2> "$folder/log" <<'CODE'
import io

import torch
from optimum.quanto import freeze, qint2, qint4, qint8, quantize
from torchao.quantization import Float8WeightOnlyConfig, Int8WeightOnlyConfig, quantize_
from torchao.utils import get_model_size_in_bytes
from transformers import LlamaConfig, LlamaForCausalLM

torch.set_num_threads(1)
CONFIG = LlamaConfig(
    vocab_size=64, hidden_size=256, intermediate_size=1024, num_hidden_layers=2, num_attention_heads=4
)


def by_quanto(kind):
    def change(model):
        quantize(model, weights=kind)
        freeze(model)

    return change


def file_size(model):
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    return file.tell()


print(f"{'kB':16}{'parameters':>11}{'nbytes':>8}{'get_memory_footprint':>22}{'get_model_size':>16}{'file':>6}")
for name, change in {
    "float32": lambda model: None,
    "quanto qint8": by_quanto(qint8),
    "quanto qint4": by_quanto(qint4),
    "quanto qint2": by_quanto(qint2),
    "torchao int8": lambda model: quantize_(model, Int8WeightOnlyConfig()),
    "torchao float8": lambda model: quantize_(model, Float8WeightOnlyConfig()),
}.items():
    model = LlamaForCausalLM(CONFIG)
    change(model)
    sizes = (
        sum(parameter.numel() * parameter.element_size() for parameter in model.parameters()),
        sum(parameter.nbytes for parameter in model.parameters()),
        model.get_memory_footprint(),
        get_model_size_in_bytes(model),
        file_size(model),
    )
    cells = (f"{size / 1000:{width}.0f}" for size, width in zip(sizes, (11, 8, 22, 16, 6), strict=True))
    print(f"{name:16}{''.join(cells)}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
