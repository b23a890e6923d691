"""Save models with many zeros in small files, and load them back the same to the bit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labkit.errors import InputError
from labkit.models import recomputed
from labkit.models.prunable import StandIn
from labkit.storage import container

if TYPE_CHECKING:
    import torch
    from torch import nn


def save_sparse(model: nn.Module | Mapping[str, torch.Tensor], path: Path | str) -> Path:
    """Write the parameters and buffers of `model` to `path`, whole or not at all.

    What `load_sparse` gives back is the same to the bit, -0.0 and the payloads of NaN included:
    an entry is left out only where all of its bits are zero.  Tensors that are the same memory,
    such as tied embeddings, are stored once.  The configuration of a `transformers` model comes
    along, with its settings for `generate`; its tokenizer does not.  FORMAT.md states the layout of
    the file.

    Args:
        model: any module, or a state dict; on any device, of any real dtype.
        path: of the file; what was there is replaced.

    Returns:
        `path`.

    Raises:
        InputError: a tensor that the file has no form for (named), or what no model of the class
            could be filled with: layers that are sparse already (`sparse_linear`), or whose
            weights are computed anew at each forward pass (`torch.nn.utils.prune`).
        SourceError: `path` cannot be written.
    """
    if not isinstance(model, Mapping) and any(isinstance(m, StandIn) for m in model.modules()):
        raise InputError(
            f"{type(model).__name__} has sparse layers: turn them back with dense_linear(model), "
            "save it, and call sparse_linear again on what load_sparse gives"
        )
    if hasattr(model, "save_pretrained"):  # load_sparse makes a model of this class, without hooks
        recomputed.check(model)
    tensors, tied = _distinct(model if isinstance(model, Mapping) else model.state_dict())
    container.write(tensors, tied, _config(model), Path(path))
    return Path(path)


def load_sparse(path: Path | str, model: nn.Module | None = None) -> nn.Module:
    """The model that `save_sparse` wrote to `path`.

    Args:
        path: of the file.
        model: fill this one, in place; needed unless the file holds a `transformers` model.

    Returns:
        `model`; or without it a model as `from_pretrained` gives it, of the class that was saved,
        on the CPU and in evaluation mode.  As there, dense tensors are mapped from the file: while
        the model is in use the file may be replaced or deleted, but not changed in place.

    Raises:
        InputError: an ordinary safetensors file, a newer version, no configuration in the file,
            or a `model` that has other tensors or, on the device "meta", no memory for them.
        SourceError: the file is missing, cut off, altered, or of another kind.
    """
    stored = container.Stored.open(path)
    with container.threads() as pool:
        state, finish = stored.tensors(pool)
        new = _empty_model(stored) if model is None else None  # while the threads unpack
        finish()
    if new is None:
        _check_fits(model, state, stored.path)
        for name, tensor in model.state_dict().items():
            if tensor.is_meta:  # torch would leave it empty, with a warning
                raise InputError(
                    f"{name} of the model is on the device meta, which holds no values: make the "
                    "model on the CPU, or pass none"
                )
        model.load_state_dict(state)
        return model
    _check_fits(new, state, stored.path, dtypes=False)  # an empty model has the default dtype
    new.load_state_dict(state, assign=True)
    if "generation_config" in stored.text:  # else what the model's class makes of its config
        settings = json.loads(stored.text["generation_config"])
        new.generation_config = type(new.generation_config).from_dict(settings)
    for alias, name in stored.tied.items():
        owner, _, leaf = alias.rpartition(".")
        source, _, source_leaf = name.rpartition(".")
        setattr(new.get_submodule(owner), leaf, getattr(new.get_submodule(source), source_leaf))
    return new.eval()


def load_sparse_state(path: Path | str) -> dict[str, torch.Tensor]:
    """The state dict in the file at `path`, on the CPU; tied names are one tensor.

    Raises:
        InputError, SourceError: as `load_sparse`.
    """
    stored = container.Stored.open(path)
    with container.threads() as pool:
        state, finish = stored.tensors(pool)
        finish()
    return state


def _distinct(state: Mapping[str, Any]) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Each tensor once, under its first name, and the others' names: alias to first name."""
    import torch

    tensors, tied, first = {}, {}, {}
    for name, tensor in state.items():
        if not isinstance(tensor, torch.Tensor):
            raise InputError(f"{name} is a {type(tensor).__name__}, and only tensors can be saved")
        place = (tensor.device, tensor.dtype, tensor.shape)
        if tensor.layout == torch.strided and tensor.numel() and not tensor.is_meta:
            place += (tensor.data_ptr(), tensor.stride())
        else:
            place += (name,)
        if place in first:
            tied[name] = first[place]
        else:
            first[place] = name
            tensors[name] = tensor
    return tensors, tied


def _config(model: Any) -> dict[str, str]:
    """What `load_sparse` makes a model from, as `save_pretrained` writes it; else nothing."""
    if not hasattr(model, "save_pretrained"):
        return {}
    values = json.loads(model.config.to_json_string())
    dtype = str(model.dtype).removeprefix("torch.")
    values |= {"architectures": [type(model).__name__], "dtype": dtype}
    generation = getattr(model, "generation_config", None)
    settings = {"generation_config": generation.to_json_string()} if generation else {}
    return {"config": json.dumps(values), **settings}


def _empty_model(stored: container.Stored) -> nn.Module:
    """The model of the file's configuration, with memory for weights that is never touched."""
    import transformers
    from transformers.initialization import no_init_weights

    from labkit.models.quiet import quiet

    config = json.loads(stored.text.get("config", "{}"))
    kind = getattr(transformers, config.get("architectures", [""])[0], None)
    if not (isinstance(kind, type) and issubclass(kind, transformers.PreTrainedModel)):
        raise InputError(
            f"{stored.path} does not say of which class of transformers its model is: make the "
            "model and pass it, load_sparse(path, model), or take load_sparse_state(path)"
        )
    with quiet(), no_init_weights():
        return kind(kind.config_class.from_dict(config))


def _check_fits(
    model: nn.Module, state: Mapping[str, torch.Tensor], path: Path, *, dtypes: bool = True
) -> None:
    """Raise InputError unless the file has exactly the tensors of the model."""

    def forms(tensors: Mapping[str, torch.Tensor]) -> dict[str, tuple]:
        return {n: (tuple(t.shape), *([t.dtype] if dtypes else [])) for n, t in tensors.items()}

    ours, theirs = forms(model.state_dict()), forms(state)
    if different := sorted(n for n in ours.keys() | theirs.keys() if ours.get(n) != theirs.get(n)):
        name = different[0]
        raise InputError(
            f"{path} is not of this model: {len(different)} tensors differ, the first being {name} "
            f"(model: {ours.get(name)}, file: {theirs.get(name)}). Pass a model of the class, "
            "configuration and dtype that was saved."
        )
