"""Where a model's parameters lie in its checkpoint, if they have other names or cuts there.

transformers renames weights as it loads and saves them, and joins or parts them: Mixtral's experts
are matrices of their own on disk (`experts.3.w1.weight`) and slices of one tensor in memory.  Its
own rules are run here on tensors without values (device "meta"), whose views tell where they begin.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from torch.overrides import TorchFunctionMode

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel


class Piece(NamedTuple):
    """Consecutive entries of a tensor on disk: from `start` on, as many as `shape` has.

    `whole` is the shape of the tensor on disk.
    """

    name: str
    whole: tuple[int, ...]
    start: int
    shape: tuple[int, ...]


Places = list[list[Piece]]
"""Alternatives; each lists the pieces that make up a parameter, in the order of its entries."""


def places(model: PreTrainedModel, names: Iterable[str]) -> dict[str, Places]:
    """Where each parameter of `model` may lie in files whose tensors have `names`.

    First as `from_pretrained` would rename what is there, then as `save_pretrained` would write it,
    with and without the prefix of the body.  Parameters that are stored in another order of their
    entries have no place of the second kind.

    Args:
        model: on the device "meta".
        names: of the tensors in the files.
    """
    state = dict(model.named_parameters(remove_duplicate=False))
    known: dict[str, Places] = {name: [] for name in state}
    for on_disk, name in _renamed(model, names):
        if name in known:
            shape = tuple(state[name].shape)
            known[name].append([Piece(on_disk, shape, 0, shape)])
    prefix = f"{model.base_model_prefix}."
    for name, pieces in _written(model, state).items():
        own = [Piece(name, (shape := tuple(state[name].shape)), 0, shape)]
        for found in filter(None, (pieces, own)):
            for variant in (str, lambda n: n.removeprefix(prefix), lambda n: prefix + n):
                known[name].append([piece._replace(name=variant(piece.name)) for piece in found])
    return known


def _renamed(model: PreTrainedModel, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Name on disk and in memory of what is loaded as it is."""
    from transformers.conversion_mapping import get_model_conversion_mapping
    from transformers.core_model_loading import (
        WeightConverter,
        WeightRenaming,
        rename_source_key,
    )

    rules = get_model_conversion_mapping(model)
    renamings = [rule for rule in rules if isinstance(rule, WeightRenaming)]
    converters = [rule for rule in rules if isinstance(rule, WeightConverter)]
    state = model.state_dict()
    for name in names:
        found, joined = rename_source_key(
            name, renamings, converters, model.base_model_prefix, state
        )
        if found not in state and name in state:
            found, joined = name, None
        if joined is None:
            yield name, found


def _written(
    model: PreTrainedModel, parameters: dict[str, torch.nn.Parameter]
) -> dict[str, list[Piece]]:
    """The pieces in which `save_pretrained` would write each parameter; [] where they are not
    runs of its entries."""
    import torch
    from transformers.core_model_loading import revert_weight_conversion

    # Memory of its own for each name, also for tied ones: a view is told by its memory.
    state = {
        name: torch.empty_like(tensor, device="meta") for name, tensor in model.state_dict().items()
    }
    owners = {tensor.untyped_storage()._cdata: name for name, tensor in state.items()}
    with _Traced() as traced:
        written = revert_weight_conversion(model, dict(state))
    found: dict[str, list[tuple[int, Piece]]] = {name: [] for name in parameters}
    for on_disk, tensor in written.items():
        start, whole = 0, tuple(tensor.shape)
        for part in traced.parts(tensor):
            owner = owners.get(part.untyped_storage()._cdata, "")
            if owner in found and part.is_contiguous():
                piece = Piece(on_disk, whole, start, tuple(part.shape))
                found[owner].append((part.storage_offset(), piece))
            start += part.numel()
    result = {}
    for name, pieces in found.items():
        at, run = 0, []
        for begin, piece in sorted(pieces, key=lambda entry: entry[0]):
            if begin == at:
                run.append(piece)
                at += _size(piece.shape)
        result[name] = run if at == parameters[name].numel() else []
    return result


def _size(shape: Iterable[int]) -> int:
    size = 1
    for length in shape:
        size *= length
    return size


class _Traced(TorchFunctionMode):
    """Keeps views where torch would copy, and remembers what was joined one below the other."""

    def __init__(self) -> None:
        super().__init__()
        self._joined: dict[int, tuple[torch.Tensor, list[torch.Tensor]]] = {}

    def __torch_function__(
        self, function: Any, types: Any, arguments: tuple = (), keywords: dict | None = None
    ) -> Any:
        import torch

        if function is torch.Tensor.contiguous:
            return arguments[0]
        result = function(*arguments, **(keywords or {}))
        if function is torch.cat:
            dim = (keywords or {}).get("dim", arguments[1] if len(arguments) > 1 else 0)
            if dim == 0:
                # The result is kept: memory of a tensor that is gone may come back as another's.
                self._joined[result.untyped_storage()._cdata] = result, list(arguments[0])
        return result

    def parts(self, tensor: torch.Tensor) -> list[torch.Tensor]:
        """What the tensor was joined from; itself where it was not."""
        return self._joined.get(tensor.untyped_storage()._cdata, (tensor, [tensor]))[1]
