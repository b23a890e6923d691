"""Weights that a layer computes anew at each forward pass, so that what is written there is lost.

`torch.nn.utils.prune` that was not made permanent, `weight_norm` and `spectral_norm` in both of
their forms, and whatever `torch.nn.utils.parametrize` registers keep the parameter behind a weight
under another name: zeros written into `.weight` would be reported, and never multiplied with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from labkit.errors import InputError

if TYPE_CHECKING:
    import torch
    from torch import nn

    from labkit.models.prunable import Layer


class Recomputed(NamedTuple):
    """A tensor of a module that is no parameter of its own; `by` computes it, `remedy` ends that.

    `remedy` is a call on `{layer}`, the module.
    """

    module: str
    tensor: str
    by: str
    remedy: str

    def __str__(self) -> str:
        layer = f"model.get_submodule({self.module!r})"
        return (
            f"{self.module}.{self.tensor} is computed anew at each forward pass ({self.by}): what "
            f"is written or counted there is not what the model uses. Call "
            f"{self.remedy.format(layer=layer)} first"
        )


def recomputed(model: nn.Module) -> Iterator[Recomputed]:
    """The tensors of `model` that hooks or parametrizations compute, in the order of modules."""
    from torch import nn
    from torch.nn.utils import parametrize
    from transformers.pytorch_utils import Conv1D

    for name, module in model.named_modules():
        told = set()
        if parametrize.is_parametrized(module):
            for tensor in module.parametrizations:
                told.add(tensor)
                call = f"torch.nn.utils.parametrize.remove_parametrizations({{layer}}, {tensor!r})"
                yield Recomputed(name, tensor, "torch.nn.utils.parametrize", call)
        for hook in module._forward_pre_hooks.values():
            if (found := _known(name, hook)) and found.tensor not in told:
                told.add(found.tensor)
                yield found
        plain = isinstance(module, (nn.Linear, Conv1D, nn.Embedding))
        if plain and not told and not isinstance(module._parameters.get("weight"), nn.Parameter):
            call = "{layer}.register_parameter('weight', torch.nn.Parameter(...)) with its values"
            yield Recomputed(name, "weight", "it is no parameter of the layer", call)


def _known(name: str, hook: Any) -> Recomputed | None:
    """What one of torch's own hooks computes."""
    from torch.nn.utils.prune import BasePruningMethod
    from torch.nn.utils.spectral_norm import SpectralNorm
    from torch.nn.utils.weight_norm import WeightNorm

    utils = "torch.nn.utils"
    if isinstance(hook, BasePruningMethod):
        tensor = hook._tensor_name
        return Recomputed(
            name, tensor, f"{utils}.prune", f"{utils}.prune.remove({{layer}}, {tensor!r})"
        )
    for kind, word in ((WeightNorm, "weight_norm"), (SpectralNorm, "spectral_norm")):
        if isinstance(hook, kind):
            call = f"{utils}.remove_{word}({{layer}}, {hook.name!r})"
            return Recomputed(name, hook.name, f"{utils}.{word}", call)
    return None


def check(model: nn.Module, layers: Iterable[Layer] = ()) -> None:
    """Refuse a model that computes weights anew, unless its architecture is so outside `layers`.

    Raises:
        InputError: names the layer and the call that gives it a plain weight.
    """
    if not (found := list(recomputed(model))):
        return
    names = {layer.name for layer in layers}
    native = _native(model)  # Wav2Vec2 has weight_norm in its embedding of positions
    for one in found:
        if one not in native or f"{one.module}.{one.tensor}" in names:
            raise InputError(str(one))


def _native(model: nn.Module) -> set[Recomputed]:
    """What a new model of the same class and configuration computes anew."""
    import torch

    if not hasattr(model, "config"):
        return set()
    try:
        with torch.device("meta"):
            return set(recomputed(type(model)(model.config)))
    except Exception:  # some classes want more than a configuration: then nothing is excused
        return set()


def check_hooks(model: nn.Module, layers: Iterable[Layer]) -> None:
    """Refuse hooks of other makers that write into a weight before the layer uses it.

    A hook is tried, once, on a weight of zeros and an input of one zero token; the weight is put
    back.  Only layers that have such hooks cost anything.

    Raises:
        InputError: names the layer and the hook; nothing is changed.
    """
    modules = dict(model.named_modules())
    for layer in layers:
        module = modules.get(layer.name.rpartition(".")[0])
        if module is None or not module._forward_pre_hooks or layer.weight.is_meta:
            continue
        if hook := _writer(module, layer):
            raise InputError(
                f"{layer.name} is written by a forward_pre_hook of its layer ({hook}) before each "
                "forward pass, so that what is pruned would not be what the model uses. Remove "
                "the hook first (the handle's remove())"
            )


def _writer(module: nn.Module, layer: Layer) -> str | None:
    """The hook after which the layer's weight is not the zeros it was, if any."""
    import torch

    weight = module._parameters.get("weight")
    if weight is None or weight is not layer.weight:
        return None
    kept, place = weight.detach().clone(), weight.data
    inputs = weight.shape[0] if layer.transposed else weight.shape[-1]
    token = torch.zeros(1, 1, inputs, dtype=weight.dtype, device=weight.device)
    with torch.no_grad():
        try:
            for number, hook in module._forward_pre_hooks.items():
                weight.zero_()
                named = number in module._forward_pre_hooks_with_kwargs
                try:
                    hook(module, (token,), {}) if named else hook(module, (token,))
                except Exception:  # whatever it wants, it is not known to leave the weight alone
                    return _name(hook)
                now = module.weight
                if now is not weight or now.data_ptr() != place.data_ptr() or now.any():
                    return _name(hook)
        finally:
            module._parameters["weight"] = weight
            weight.data = place
            weight.copy_(kept)
    return None


def _name(hook: Any) -> str:
    return getattr(hook, "__qualname__", type(hook).__name__)


def confirm(model: nn.Module, layers: Iterable[Layer]) -> None:
    """Check, after weights were written, that they are the parameters the next pass uses.

    It looks at names and addresses only, whatever the size of the model.

    Raises:
        InputError: a layer's weight is not the parameter that was written; names it.
    """
    check(model, layers)
    used = {_storage(parameter) for parameter in model.parameters()}
    for layer in layers:
        if _storage(layer.weight) not in used:
            raise InputError(
                f"{layer.name} was replaced while it was pruned: the model uses another tensor "
                "than the one that was written. Prune it again"
            )


def _storage(tensor: torch.Tensor) -> int:
    return (
        id(tensor) if tensor.is_meta or not tensor.numel() else tensor.untyped_storage().data_ptr()
    )


def check_names(path: object, names: Iterable[str]) -> None:
    """Refuse tensors of a file that stand behind weights, as a model saved with hooks has them.

    Raises:
        InputError: names the file, the tensor and the remedy.
    """
    names = set(names)
    for name in sorted(names):
        stem = name.removesuffix("_v")
        if (
            name.endswith("weight_orig")
            or ".parametrizations." in f".{name}"
            or (name.endswith("weight_v") and f"{stem}_g" in names)
        ):
            raise InputError(
                f"{path} holds {name}, which is not a weight but what one is computed from: the "
                "model was saved with torch.nn.utils.prune, weight_norm or a parametrization still "
                "on it. Make it permanent (prune.remove, remove_weight_norm, "
                "parametrize.remove_parametrizations) and save it again"
            )
