#!/usr/bin/env bash
# ONNX Runtime saves sparse weights in a form that ONNX forbids.
#
# onnx 1.23.2, onnxruntime 1.32.0.
#
# Guess before the run: `optimized_model_filepath` writes a valid ONNX file, in which a sparse initializer
# either stays as it was or has become dense.
#
# Seen: the file is smaller than the one it was made from, since the positions of the entries, int64 by the
# standard, are now int16 in a matrix of 2048 entries. ONNX Runtime reads it back and gives the same
# answers. onnx's checker refuses it: positions must have type INT64. So the file to hand on is the one
# from before, and the size of the other is no size that the format can reach.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
before positions INT64, right answers True, valid
after  positions INT16, right answers True, refused by the checker
SEEN

FOLDER="$folder" "$folder/venv/bin/python" - > "$folder/seen" <<'CODE'
import os

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

random = np.random.default_rng(0)
weights = np.zeros((64, 32), np.float32)
kept = np.sort(random.permutation(weights.size)[:200])
weights.flat[kept] = random.standard_normal(200)
inputs = random.standard_normal((2, 64)).astype(np.float32)
values = numpy_helper.from_array(weights.flat[kept], "weight")
graph = helper.make_graph(
    [helper.make_node("MatMul", ["x", "weight"], ["y"])],
    "graph",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 64])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 32])],
    sparse_initializer=[
        helper.make_sparse_tensor(values, numpy_helper.from_array(kept, "at"), weights.shape)
    ],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
folder = os.environ["FOLDER"]
before, after = (os.path.join(folder, name) for name in ("before.onnx", "after.onnx"))
onnx.save(model, before)

options = onnxruntime.SessionOptions()
options.log_severity_level = 3
options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
options.optimized_model_filepath = after
onnxruntime.InferenceSession(before, options, providers=["CPUExecutionProvider"])

for name, path in (("before", before), ("after", after)):
    positions = onnx.load(path).graph.sparse_initializer[0].indices
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    same = np.allclose(session.run(None, {"x": inputs})[0], inputs @ weights, atol=1e-5)
    try:
        onnx.checker.check_model(path)
        checked = "valid"
    except onnx.checker.ValidationError:
        checked = "refused by the checker"
    kind = TensorProto.DataType.Name(positions.data_type)
    print(f"{name:6} positions {kind}, right answers {same}, {checked}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
