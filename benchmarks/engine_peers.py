"""Engines that people would pick instead, each a process in an environment of its own."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks.own_environment import interpreter

ONNX = ("onnxruntime==1.32.0", "onnx==1.23.2")
OPENVINO = ("openvino==2026.4.1",)
DEEPSPARSE = ("deepsparse==1.8.0", "numpy==1.26.4", "onnx==1.14.1")
OLD_PYTHON = "3.11"  # the last that DeepSparse has wheels for

LICENCE = (
    "DeepSparse's licence allows evaluation in development and testing only: it is measured where "
    "`--accept-deepsparse-license` is given"
)
SERVER = Path(__file__).with_name("engine_server.py")


@dataclass(frozen=True)
class Engine:
    """An engine as it is asked for: `key` in the data, `title` in tables, `model` its file."""

    key: str
    title: str
    program: str
    precision: str
    model: str = "dense"

    def environment(self) -> str:
        """The Python of its environment, made at the first call.

        Raises:
            OSError, subprocess.SubprocessError: the engine cannot be installed here.
        """
        if self.program == "deepsparse":
            return interpreter(*DEEPSPARSE, python=OLD_PYTHON)
        if self.program == "openvino":
            return interpreter(*OPENVINO, python=OLD_PYTHON)
        return interpreter(*ONNX)


DENSE_ENGINES = (
    Engine("onnxruntime float32", "ONNX Runtime 1.32, float32", "onnxruntime", "float32"),
    Engine("onnxruntime int8", "ONNX Runtime 1.32, int8", "onnxruntime", "int8"),
    Engine("openvino float32", "OpenVINO 2026.4.1, float32", "openvino", "float32"),
    Engine("openvino bf16", "OpenVINO 2026.4.1, bf16", "openvino", "bf16"),
)


def deepsparse(level: float) -> Engine:
    """DeepSparse on the model pruned to a level."""
    title = f"DeepSparse 1.8.0, {level:.0%} zeros"
    return Engine(f"deepsparse {level}", title, "deepsparse", "float32", str(level))


def export(folder: Path, name: str, batch: int, length: int, batches: int, levels: tuple) -> None:
    """Write the model, dense and pruned, as ONNX into a folder, and the inputs of all batches."""
    numbers = map(str, (batch, length, batches))
    command = [interpreter(*ONNX), "-m", "benchmarks.export_onnx", name, *numbers, str(folder)]
    subprocess.run([*command, *map(str, levels)], check=True, stdout=subprocess.DEVNULL)


class Running:
    """An engine that has read its model and waits; a call is one forward pass of its batch.

    Raises:
        OSError, subprocess.SubprocessError: it cannot be installed, or not run this model.
    """

    def __init__(self, engine: Engine, folder: Path, threads: int) -> None:
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115, closed with the process
        model, inputs = folder / f"{engine.model}.onnx", folder / "inputs.npz"
        arguments = [engine.program, engine.precision, model, inputs, threads]
        self.process = subprocess.Popen(
            [engine.environment(), str(SERVER), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )
        self.note = self._answer("ready")

    def __call__(self) -> None:
        """One forward pass of the first batch."""
        self._ask("run")

    def answers(self, folder: Path) -> torch.Tensor:
        """The logits of all batches: batches × batch × classes."""
        path = folder / "answers.npy"
        self._ask(f"answers {path}")
        return torch.from_numpy(np.load(path)).float()

    def close(self) -> None:
        """End the process."""
        self.process.stdin.close()
        self.process.wait()
        self.errors.close()

    def _ask(self, line: str) -> None:
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        self._answer("done")

    def _answer(self, word: str) -> str:
        first, _, rest = self.process.stdout.readline().partition(" ")
        if first.strip() != word:
            self.process.wait()
            self.errors.seek(0)
            lines = self.errors.read().strip().splitlines()
            raise subprocess.SubprocessError(lines[-1] if lines else "its process ended")
        return rest.strip()
