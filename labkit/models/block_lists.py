"""Where the blocks of a transformer are: lists of modules, whatever their authors called them.

A *stack* is an outermost `nn.ModuleList` of blocks that hold weight matrices.  That finds the
blocks of RoBERTa, GPT-2 and BART, and of BERT, DistilBERT, OPT, Pythia and T5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labkit.models.parameter_kinds import kind_of

if TYPE_CHECKING:
    from torch import nn

ENCODER, DECODER = "encoder", "decoder"

Part = tuple[str, "nn.Module"]


@dataclass(frozen=True, eq=False)
class Stack:
    """`blocks` in order, each as the named modules that make it up; `lists` names their lists.

    `name` is "encoder" or "decoder", with a place in brackets where the model has several.
    """

    name: str
    lists: tuple[str, ...]
    blocks: tuple[tuple[Part, ...], ...]


def family(model: nn.Module) -> str:
    """One of "encoder", "decoder", "encoder-decoder", from the model's configuration.

    A single stack is a decoder where its configuration says so (`is_decoder`: BartForCausalLM, a
    BERT that generates), or when its architecture is known for causal language modelling and not
    for masked (GPT-2, OPT, Pythia); an encoder otherwise (RoBERTa, BERT).
    """
    from transformers.models.auto import modeling_auto as auto

    config = model.config
    if getattr(config, "is_encoder_decoder", False):
        return "encoder-decoder"
    if getattr(config, "is_decoder", False):
        return DECODER
    causal = config.model_type in auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
    masked = config.model_type in auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES
    return DECODER if causal and not masked else ENCODER


def find(model: nn.Module) -> list[Stack]:
    """The stacks of `model`, the encoder's first; none where nothing looks like blocks.

    Lists outside the body (`base_model`), and lists of bare layers beside real blocks, are heads.
    XLM keeps attention, feed-forward layers and norms in lists of their own: one stack.
    """
    lists = list(_lists(model, linear)) or list(_lists(model, _matrices))
    body = {id(module) for module in getattr(model, "base_model", model).modules()}
    lists = [entry for entry in lists if id(entry[1]) in body] or lists
    lists = [entry for entry in lists if not _bare(entry[1])] or lists
    kind = family(model)
    decoder = set(model.get_decoder().modules()) if kind == "encoder-decoder" else set()
    stacks: list[Stack] = []
    for wanted in (ENCODER, DECODER):
        if kind == "encoder-decoder":
            own = [entry for entry in lists if (entry[1] in decoder) is (wanted == DECODER)]
        else:
            own = lists if kind == wanted else []
        groups = _parallel(model, own)
        places = _places([group[0][0] for group in groups])
        for place, group in zip(places, groups, strict=True):
            title = f"{wanted} ({place})" if len(groups) > 1 else wanted
            blocks = zip(*(_items(name, modules) for name, modules in group), strict=True)
            stacks.append(Stack(title, tuple(name for name, _ in group), tuple(blocks)))
    return stacks


def _lists(
    module: nn.Module, counts: Callable[[nn.Module], bool], prefix: str = ""
) -> Iterator[tuple[str, nn.ModuleList]]:
    from torch import nn

    for name, child in module.named_children():
        path = f"{prefix}.{name}" if prefix else name
        if isinstance(child, nn.ModuleList):
            if any(counts(inner) for inner in child.modules()):
                yield path, child
        else:
            yield from _lists(child, counts, path)


def linear(module: nn.Module) -> bool:
    """Whether the module is an `nn.Linear` or GPT-2's `Conv1D`."""
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    return isinstance(module, (nn.Linear, Conv1D))


def _matrices(module: nn.Module) -> bool:
    """Whether the module itself has matrices: SqueezeBERT and I-BERT have no `nn.Linear`."""
    own = module.named_parameters(recurse=False)
    return any(p.dim() > 1 and kind_of([module], name, p).parts for name, p in own)


def _bare(modules: nn.ModuleList) -> bool:
    """Whether the list holds layers, alone or in a row, and no blocks."""
    from torch import nn

    return all(
        isinstance(item, nn.Sequential) or not any(True for _ in item.children())
        for item in modules
    )


def _parallel(
    model: nn.Module, lists: Sequence[tuple[str, nn.ModuleList]]
) -> list[list[tuple[str, nn.ModuleList]]]:
    """Lists that hold the same blocks in parts, put together; all others alone."""
    groups: dict[tuple[str, int], list[tuple[str, nn.ModuleList]]] = {}
    for name, modules in lists:
        parent = name.rpartition(".")[0]
        apart = _norms_apart(model.get_submodule(parent), len(modules))
        groups.setdefault((parent if apart else name, len(modules)), []).append((name, modules))
    return list(groups.values())


def _norms_apart(parent: nn.Module, length: int) -> bool:
    """Whether the norms of as many blocks have a list of their own."""
    from torch import nn

    return any(
        isinstance(child, nn.ModuleList)
        and len(child) == length
        and all("norm" in type(item).__name__.lower() for item in child)
        for child in parent.children()
    )


def _items(name: str, modules: nn.ModuleList) -> Iterator[Part]:
    """The blocks of a list, those of lists in it one after another (Funnel's)."""
    from torch import nn

    for key, module in modules.named_children():
        if isinstance(module, nn.ModuleList):
            yield from _items(f"{name}.{key}", module)
        else:
            yield f"{name}.{key}", module


def _places(names: Sequence[str]) -> list[str]:
    """What tells the names apart: without what all of them begin or end with."""
    paths = [name.split(".") for name in names]
    shortest = min(map(len, paths), default=0)
    while shortest > 1 and len({path[0] for path in paths}) == 1:
        paths, shortest = [path[1:] for path in paths], shortest - 1
    while shortest > 1 and len({path[-1] for path in paths}) == 1:
        paths, shortest = [path[:-1] for path in paths], shortest - 1
    return [".".join(path) for path in paths]
