"""Weights that are kept as codes: integers, or what a library has packed, and factors beside them.

Which of them are small, or zero, shows only when they are multiplied out.  Counted as numbers they
would give figures that look like those of weights; and layers whose codes lie in buffers are no
`nn.Linear`, so that the others would pass for the whole model.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from labkit.errors import InputError

if TYPE_CHECKING:
    import torch
    from torch import nn

CODES = ("qweight", "weight_packed", "W_q", "weight.quant_map", "weight.absmax")
"""Last parts of names: GPTQ's and AWQ's, compressed-tensors', HQQ's, and two of bitsandbytes."""

_FACTORS = ("_scale", "_scale_inv", ".SCB", "_SCB")
"""What is added to the name of integer codes for their factors; those of float8 are `SCALES`."""


def check(model: nn.Module) -> None:
    """Refuse a model with layers whose weights are codes.

    Raises:
        InputError: names the layer and what it holds.
    """
    for name, what in _coded(model):
        raise InputError(
            f"{name} of {type(model).__name__} holds {what}, and no weights that could be counted "
            "or ranked: take the model as it was before it was quantised, or dequantise it "
            "(model.dequantize() where transformers quantised it)"
        )


def _coded(model: nn.Module) -> Iterator[tuple[str, str]]:
    """Names and contents of what is coded, but for tables of embeddings."""
    for name, module in model.named_modules():
        if "embedding" in type(module).__name__.lower():
            continue
        if hasattr(module, "_packed_params"):
            yield name, "weights packed by torch.ao.quantization"
        for own, tensor in (*module._parameters.items(), *module._buffers.items()):
            if tensor is not None and tensor.dim() > 1 and _is_code(own, tensor):
                yield f"{name}.{own}", f"codes of {tensor.dtype}"


def _is_code(name: str, tensor: torch.Tensor) -> bool:
    """Other integers, such as the places of Swin's table of positions, have other names."""
    integers = not (tensor.is_floating_point() or tensor.is_complex())
    return integers and ("weight" in name.lower() or name in CODES)


def check_names(path: object, dtypes: dict[str, str]) -> None:
    """Refuse a file of codes, whose factors would be taken for its weights.

    Args:
        path: of the file or folder, for the message.
        dtypes: name of each tensor → its dtype, as safetensors writes it.

    Raises:
        InputError: names the file, a tensor of codes and the remedy.
    """
    for name, dtype in dtypes.items():
        if name.endswith(tuple(f".{end}" for end in CODES)) or (
            dtype[0] in "IU" and _has_factors(name, dtypes)
        ):
            raise InputError(
                f"{path} holds {name} ({dtype}), which belongs to quantised weights: which of them "
                "are small shows only when they are multiplied with their factors. Dequantise the "
                "model first and save it in bfloat16, or take it as it was before"
            )


def _has_factors(name: str, names: Collection[str]) -> bool:
    stem = name.removesuffix(".weight")
    return any(base + end in names for base in (name, stem) for end in _FACTORS)
