"""Under which key a cell of a study is kept: a hash of all that its results depend on.

A cell whose key has changed is computed anew, and read from disk otherwise.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from labkit.code_hash import code_hash
from labkit.files import sha256
from labkit.models import hub, sources
from labkit.study.settings import Settings

_VERSIONED = ("torch", "transformers", "tokenizers", "numpy", "scipy", "datasets")


def cell_key(origin: dict[str, Any], settings: Settings, level: float, others: list) -> str:
    """The key of the cell of one level.

    Args:
        origin: what all levels of a model depend on: its fingerprint, task, head, seed and code.
        settings: the study's.
        level: sparsity that was asked for.
        others: what the results of a task depend on beside these: plain data.
    """
    shape = [settings.batch_size, settings.length, settings.repeats]
    return hash_of([origin, level, settings.method, *shape, *_timed_on(), others])


def _timed_on() -> list[str | int]:
    """What the times of a cell are those of: they would be wrong on other threads or processors."""
    import torch

    from labkit.execution.calibration import cpu_name

    capability = torch.backends.cpu.get_cpu_capability()
    return [torch.get_num_threads(), cpu_name(), capability]


def model_fingerprint(
    settings: Settings, name: str, task: str, head: str, load: Callable[[], object]
) -> str:
    """Hash of the checkpoint's files; for the hub's own, the commit in the cache.

    Random weights follow from the seed and the code, but their tokenizer is the mini one.

    Args:
        settings: the study's.
        name: of the model.
        task: "mrpc" or "text".
        head: as `load_model`.
        load: loads the model, and downloads it where the hub's is not in the cache.
    """
    if settings.source in ("mini", "random"):
        folder = sources.mini_checkpoint(name, task)
    elif settings.source == "hub" and head == "trained":
        folder = sources.finetuned_checkpoint(name)
    elif settings.source == "hub":
        repository = sources.HUB_MODELS[name]
        cached = hub.cached_model(repository, verify=False)
        if cached is None:
            load()
            cached = hub.cached_model(repository, verify=False)
        return cached.name if cached else "not cached"
    else:
        folder = Path(settings.source).expanduser()
    # All that a model or tokenizer may be read from, whatever it is called.
    found = [*folder.glob("*"), *folder.rglob("*.safetensors"), *folder.rglob("*.bin")]
    files = sorted({f for f in found if f.is_file() and f.suffix.lower() != ".md"})
    return hash_of([(f.relative_to(folder).as_posix(), sha256(f)) for f in files])


@cache
def code_fingerprint(module: str) -> str:
    """Hash of the code that `module` runs and of the libraries that its results depend on."""
    return hash_of([code_hash(module), versions()])


def versions() -> dict[str, str]:
    """Versions of the libraries that results depend on."""
    return {name: metadata.version(name) for name in _VERSIONED}


def hash_of(value: object) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of plain data."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
