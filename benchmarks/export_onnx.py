"""Write a course model, dense and pruned, as ONNX: `python -m benchmarks.export_onnx ...`.

Run by an environment that has onnx, which is no dependency of the course.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np
import torch
from transformers import GPT2ForSequenceClassification

from benchmarks.model_inputs import inputs_of
from labkit import load_model, prune_global

OPSET = 14
"""The last that DeepSparse 1.8 reads without a complaint, and all others read."""


class Logits(torch.nn.Module):
    """The model as a function from one tensor to one.

    Rows have no padding, so the mask is left out, and with GPT-2 the search for the last token that
    is none: the graph then has fewer operations that some engine does not know, and none that any
    needs.
    """

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        """The logits alone."""
        if isinstance(self.model, GPT2ForSequenceClassification):
            hidden = self.model.transformer(input_ids=input_ids)[0]
            return self.model.score(hidden[:, -1])
        return self.model(input_ids=input_ids).logits


def export(
    name: str, batch: int, length: int, batches: int, folder: Path, levels: list[float]
) -> None:
    """Write inputs.npz, dense.onnx and LEVEL.onnx for each level into `folder`."""
    model = load_model(name, "random").model.eval()
    model.set_attn_implementation("eager")  # written out, it has fewer nodes in ONNX
    inputs = inputs_of(name, batch, length)
    ids = [inputs_of(name, batch, length, seed)["input_ids"].numpy() for seed in range(batches)]
    mask = inputs["attention_mask"].numpy()
    np.savez(folder / "inputs.npz", input_ids=np.stack(ids), attention_mask=mask)
    with torch.no_grad():
        expected = model(input_ids=inputs["input_ids"]).logits
        torch.testing.assert_close(Logits(model).eval()(inputs["input_ids"]), expected)
    names = {"input_names": ["input_ids"], "output_names": ["logits"]}
    for level in (None, *sorted(levels)):
        if level:
            prune_global(model, level)
        path = folder / f"{level or 'dense'}.onnx"
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                Logits(model).eval(),
                (inputs["input_ids"],),
                str(path),
                dynamo=False,
                opset_version=OPSET,
                **names,
            )


if __name__ == "__main__":
    name, batch, length, batches, folder, *levels = sys.argv[1:]
    numbers = int(batch), int(length), int(batches)
    export(name, *numbers, Path(folder), [float(level) for level in levels])
