"""ONNX Runtime's dense model, in an environment of its own: it never becomes a dependency."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.own_environment import interpreter

VERSIONS = ("onnxruntime==1.32.0", "onnx==1.23.2")


class OnnxRuntime:
    """A process that runs a dense course model, once for each call.

    Raises:
        OSError, subprocess.SubprocessError: the packages cannot be installed, or not be run.
    """

    def __init__(self, name: str, batch: int, length: int, threads: int) -> None:
        command = [
            interpreter(*VERSIONS),
            "-m",
            __name__,
            name,
            str(batch),
            str(length),
            str(threads),
        ]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
        )
        self()  # the first answer comes when the model is ready

    def __call__(self) -> None:
        """Run the model on its batch."""
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        if self.process.stdout.readline() != "done\n":
            raise subprocess.SubprocessError("ONNX Runtime's process ended")

    def close(self) -> None:
        """End the process."""
        self.process.stdin.close()
        self.process.wait()


def _serve(name: str, batch: int, length: int, threads: int) -> None:
    import onnxruntime
    import torch

    from benchmarks.model_inputs import inputs_of
    from labkit import load_model

    model = load_model(name, "random").model
    inputs = inputs_of(name, batch, length)

    class Logits(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            return self.model(input_ids=input_ids, attention_mask=attention_mask).logits

    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        path = str(Path(folder) / "model.onnx")
        names = {"input_names": list(inputs), "output_names": ["logits"]}
        torch.onnx.export(Logits().eval(), tuple(inputs.values()), path, dynamo=False, **names)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        expected = model(**inputs).logits
    feed = {name: tensor.numpy() for name, tensor in inputs.items()}
    (logits,) = session.run(None, feed)
    torch.testing.assert_close(torch.from_numpy(logits), expected, atol=1e-3, rtol=0)
    for _ in sys.stdin:
        session.run(None, feed)
        print("done", flush=True)


if __name__ == "__main__":
    _serve(sys.argv[1], *map(int, sys.argv[2:]))
