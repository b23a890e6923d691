"""Helpers of the LLM Sparsity Lab.

Importing `labkit` is quick: torch and transformers are imported by the functions that need them.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "load_model": "models",
    "load_mrpc": "data",
    "prunable_layers": "layers",
    "prunable_parameters": "layers",
    "weight_summary": "weights",
    "prune_global": "prune",
    "prune_model": "prune",
    "prune_files": "prunefile",
    "prune_nm": "nm",
    "sweep": "prune",
    "sparsity_of": "prune",
    "encode_pairs": "evaluate",
    "evaluate_mrpc": "evaluate",
    "compare_paired": "scores",
    "save_sparse": "sparsefile",
    "load_sparse": "sparsefile",
    "load_sparse_state": "sparsefile",
    "measure_size": "measure",
    "measure_runtime": "measure",
    "sparse_linear": "execute",
    "dense_linear": "execute",
    "SparseLinear": "execute",
    "run_study": "study",
    "check": "checks",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"labkit.{_HOME[name]}"), name)
    try:
        return import_module(f"labkit.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"labkit.{name}":
            raise
        raise AttributeError(f"module 'labkit' has no attribute {name!r}") from None


def __dir__() -> list[str]:
    return [*globals(), *__all__]
