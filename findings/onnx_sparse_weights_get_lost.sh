#!/usr/bin/env bash
# A sparse initializer of ONNX survives few tools, and some lose it without a word.
#
# onnx 1.23.2, onnxruntime 1.32.0, onnx-ir 1.1.0, onnxslim 0.1.98, onnxconverter-common 1.16.0.
#
# Guess before the run: sparse initializers are part of the format since 2019, so each tool keeps them as
# they are, or turns them into dense ones with the same values.
#
# Seen: ONNX Runtime runs the model, and shape inference, merging two models and onnxslim keep the weights
# sparse. onnx-ir, on which newer optimisers and PyTorch's exporter stand, and onnx's own text form
# drop the weights in silence and leave a node with an undefined input. The float16 converter turns all but
# these weights into float16, so that the product mixes types; onnx's checker finds no fault with it, and no
# session loads it. Extracting a part of the graph, changing the opset, quantising, the reference
# evaluator and the checker's own full check end with an error. So convert to dense for the tools, and make
# it sparse last.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    onnx==1.23.2 onnxruntime==1.32.0 onnx-ir==1.1.0 onnxslim==0.1.98 onnxconverter-common==1.16.0 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
as made, checked     weights kept sparse, runs
full check           error
shape inference      weights kept sparse, runs
merge of two models  weights kept sparse, runs
onnxslim             weights kept sparse, runs
onnx-ir and back     no weights, does not load
onnx text and back   no weights, does not load
float16 converter    weights kept sparse, does not load
extract part         error
change of opset      error
dynamic quantising   error
reference evaluator  error
SEEN

FOLDER="$folder" "$folder/venv/bin/python" - > "$folder/seen" <<'CODE'
import logging
import os

import numpy as np
import onnx
import onnx.compose
import onnx.parser
import onnx.reference
import onnx.version_converter
import onnx_ir
import onnxruntime
import onnxslim
from onnx import TensorProto, helper, numpy_helper
from onnxconverter_common import float16
from onnxruntime.quantization import quantize_dynamic

logging.disable(logging.CRITICAL)
random = np.random.default_rng(0)
weights = np.zeros((64, 32), np.float32)
kept = random.permutation(weights.size)[:200]
kept.sort()
weights.flat[kept] = random.standard_normal(200)
inputs = random.standard_normal((2, 64)).astype(np.float32)


def graph(nodes, before, after, **weights):
    ends = (helper.make_tensor_value_info(*end) for end in (before, after))
    inner = helper.make_graph(nodes, "graph", *([end] for end in ends), **weights)
    return helper.make_model(inner, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


values = numpy_helper.from_array(weights.flat[kept], "weight")
sparse = helper.make_sparse_tensor(values, numpy_helper.from_array(kept, "at"), weights.shape)
model = graph(
    [helper.make_node("MatMul", ["x", "weight"], ["product"]), helper.make_node("Relu", ["product"], ["y"])],
    ("x", TensorProto.FLOAT, [None, 64]),
    ("y", TensorProto.FLOAT, [None, 32]),
    sparse_initializer=[sparse],
)
onnx.checker.check_model(model)
before, after = (os.path.join(os.environ["FOLDER"], name) for name in ("sparse.onnx", "result.onnx"))
onnx.save(model, before)
copy = graph(
    [helper.make_node("Identity", ["a"], ["b"])],
    ("a", TensorProto.FLOAT, [None, 32]),
    ("b", TensorProto.FLOAT, [None, 32]),
)


def through_file(tool, *arguments):
    tool(before, after, *arguments)
    return onnx.load(after)


def checked():
    onnx.checker.check_model(model, full_check=True)
    return model


TOOLS = {
    "as made, checked": lambda: model,
    "full check": checked,
    "shape inference": lambda: onnx.shape_inference.infer_shapes(model),
    "merge of two models": lambda: onnx.compose.merge_models(model, copy, [("y", "a")]),
    "onnxslim": lambda: onnxslim.slim(model),
    "onnx-ir and back": lambda: onnx_ir.to_proto(onnx_ir.from_proto(model)),
    "onnx text and back": lambda: onnx.parser.parse_model(onnx.printer.to_text(model)),
    "float16 converter": lambda: float16.convert_float_to_float16(model, keep_io_types=True),
    "extract part": lambda: through_file(onnx.utils.extract_model, ["x"], ["y"]),
    "change of opset": lambda: onnx.version_converter.convert_version(model, 21),
    "dynamic quantising": lambda: through_file(quantize_dynamic),
    "reference evaluator": lambda: onnx.reference.ReferenceEvaluator(model),
}
for name, tool in TOOLS.items():
    try:
        result = tool()
    except Exception:
        print(f"{name:20} error")
        continue
    try:
        session = onnxruntime.InferenceSession(
            result.SerializeToString(), providers=["CPUExecutionProvider"]
        )
        found = session.run(None, {"x": inputs})[0]
        runs = "runs" if np.allclose(found, np.maximum(inputs @ weights, 0), atol=1e-5) else "runs wrong"
    except Exception:
        runs = "does not load"
    here = "weights kept sparse" if result.graph.sparse_initializer else "no weights"
    print(f"{name:20} {here}, {runs}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
