#!/usr/bin/env bash
# Quantising a model with a tied embedding can store that embedding twice.
#
# onnxruntime 1.32.0, onnx 1.23.2.
#
# Guess before the run: `quantize_dynamic` turns a float32 embedding, used by Gather and again as the output
# layer, into one int8 tensor, so that the file shrinks to about a quarter, however the output layer is spelt.
#
# Seen: with Transpose and MatMul it is one int8 tensor and a quarter. With Gemm and `transB=1`, as a linear
# layer with a bias is exported, the quantiser first rewrites Gemm with a transposed copy of the weights and
# then quantises both: two tensors, half of the file. In a small language model most weights are in that one
# matrix. A float32 file with the tie is then twice as large as the int8 one, not four times.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
Transpose, MatMul, Add  1 matrix of int8, 0.26 of the float32 file
Gemm                    2 matrices of int8, 0.51 of the float32 file
SEEN

FOLDER="$folder" "$folder/venv/bin/python" - > "$folder/seen" <<'CODE'
import logging
import os

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import quantize_dynamic

logging.disable(logging.CRITICAL)
embedding = np.random.default_rng(0).standard_normal((4000, 64), dtype=np.float32)
bias = np.zeros(4000, np.float32)
SPELT = {
    "Transpose, MatMul, Add": [
        helper.make_node("Transpose", ["embedding"], ["turned"], perm=[1, 0]),
        helper.make_node("MatMul", ["state", "turned"], ["product"]),
        helper.make_node("Add", ["product", "bias"], ["logits"]),
    ],
    "Gemm": [helper.make_node("Gemm", ["state", "embedding", "bias"], ["logits"], transB=1)],
}
for name, nodes in SPELT.items():
    graph = helper.make_graph(
        [helper.make_node("Gather", ["embedding", "ids"], ["state"]), *nodes],
        "graph",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, [None])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [None, 4000])],
        initializer=[numpy_helper.from_array(embedding, "embedding"), numpy_helper.from_array(bias, "bias")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    before, after = (os.path.join(os.environ["FOLDER"], file) for file in ("float.onnx", "int8.onnx"))
    onnx.save(model, before)
    quantize_dynamic(before, after)
    large = [len(tensor.dims) == 2 for tensor in onnx.load(after).graph.initializer]
    share = os.path.getsize(after) / os.path.getsize(before)
    count = f"{sum(large)} {'matrix' if sum(large) == 1 else 'matrices'}"
    print(f"{name:23} {count} of int8, {share:.2f} of the float32 file")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
