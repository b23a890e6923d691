"""A process that runs a model of ONNX in one engine, once for each line that it is sent.

It is run as a file by the Python of the engine's own environment, and so imports nothing of ours:
`python engine_server.py ENGINE MODEL.onnx INPUTS.npz THREADS`.  It answers "ready", with a word on
what the engine says of itself; then to "run" with "done", and to "answers PATH" with the logits of
all batches in that file.  Where it cannot, its last line is the reason.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np

Run = Callable[[dict], object]


def _onnxruntime(model: str, threads: int, precision: str) -> tuple[Run, str]:
    import onnxruntime

    if precision == "int8":
        from onnxruntime.quantization import quantize_dynamic

        quantize_dynamic(model, model + ".int8")
        model += ".int8"
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Its threads would go on looking for work while the next engine is timed.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    names = {value.name for value in session.get_inputs()}
    return lambda feed: session.run(None, {k: v for k, v in feed.items() if k in names})[0], ""


def _openvino(model: str, threads: int, precision: str) -> tuple[Run, str]:
    import openvino

    asked = {"float32": "f32", "bf16": "bf16"}[precision]
    settings = {
        "INFERENCE_PRECISION_HINT": asked,
        "INFERENCE_NUM_THREADS": threads,
        "PERFORMANCE_HINT": "LATENCY",
    }
    compiled = openvino.Core().compile_model(model, "CPU", settings)
    got = compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
    note = "" if got == asked else f"asked for {asked}, it computes in {got} on this processor"
    request = compiled.create_infer_request()

    def run(feed: dict) -> object:
        # An input may have several names, of which any may come first.
        known = {name: feed[name] for value in compiled.inputs for name in value.names & set(feed)}
        found = request.infer(known)
        return found[compiled.output(0)]

    return run, note


def _deepsparse(model: str, threads: int, precision: str) -> tuple[Run, str]:
    import deepsparse
    import onnx

    names = [value.name for value in onnx.load(model, load_external_data=False).graph.input]
    engine = deepsparse.compile_model(model, batch_size=None, num_cores=threads)
    known = engine.fraction_of_supported_ops
    note = f"it uses {engine.cpu_avx_type} and knows {known:.0%} of the operations"
    if engine.num_cores != threads:
        note += f", {engine.num_cores} cores"
    return lambda feed: engine.run([feed[name] for name in names])[0], note


ENGINES = {"onnxruntime": _onnxruntime, "openvino": _openvino, "deepsparse": _deepsparse}


def main(engine: str, precision: str, model: str, inputs: str, threads: str) -> None:
    """Load a model and its inputs, and serve until standard input ends."""
    ready = sys.stdout
    sys.stdout = sys.stderr  # engines print what they like
    with np.load(inputs) as found:
        ids, mask = found["input_ids"], found["attention_mask"]
    batches = [{"input_ids": one, "attention_mask": mask} for one in ids]
    run, note = ENGINES[engine](model, int(threads), precision)
    run(batches[0])
    print("ready", note, file=ready, flush=True)
    for line in sys.stdin:
        word, _, path = line.strip().partition(" ")
        if word == "answers":
            np.save(path, np.stack([np.array(run(feed)) for feed in batches]))
        else:
            run(batches[0])
        print("done", file=ready, flush=True)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Exception as error:
        print(f"{type(error).__name__}: {error}".replace("\n", " "), file=sys.stderr)
        raise SystemExit(1) from None
