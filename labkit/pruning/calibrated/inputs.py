"""A model run block by block, so that one block's inputs are held at a time.

Frantar and Alistarh 2023 and Sun et al. 2023 prune this way: a block sees what the blocks before
it, already pruned, make of the calibration.  The model's own forward pass is run up to a block,
and the blocks before it stand aside and return what the last of them returned: masks, positions,
rotary embeddings and cross-attention are the model's own, whatever its family.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labkit.errors import InputError
from labkit.models import block_lists
from labkit.models.modes import in_mode
from labkit.models.prunable import Layer, prunable_layers
from labkit.pruning.calibrated.operands import Visit, watching
from labkit.pruning.calibrated.sequences import DECODER_IDS, IDS, MASK, SEGMENTS, Rows, rows_of

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(eq=False)
class Block:
    """One block, at its turn; `layers` are its prunable layers.

    `see(visit)` runs the calibration through the block and calls `visit(layer, inputs)` for each
    batch, with the real tokens that meet the layer's weight, (tokens, inputs), in the dtype of the
    model.  An expert sees the tokens that are routed to it, and may see none.
    """

    stack: str
    number: int
    layers: tuple[Layer, ...]
    see: Callable[[Visit], None]


def calibrate(
    model: PreTrainedModel,
    sequences: Any,
    *,
    tokenizer: PreTrainedTokenizerBase | None = None,
) -> Iterator[Block]:
    """Yield the blocks of `model` in the order in which they run, the encoder's first.

    What is done to a block's weights at its turn counts for the blocks after it: once the next one
    is asked for, the outputs are computed anew.  What is held are the outputs of one block (of an
    encoder-decoder also the encoder's, which each block of the decoder reads).  Dropout is off;
    the model ends in the mode it came in.  Sequences of equal length share a batch, so that
    padding reaches neither the model nor any statistic.

    Args:
        model: a `transformers` model, with or without a head, which does not run.
        sequences: token ids (rows, tokens), rows of different lengths, what a tokenizer returned
            (`attention_mask` says what is padding), or texts.  A decoder beside an encoder reads
            the same tokens behind its start token, unless `decoder_input_ids` are given.
        tokenizer: for texts.

    Example:
        >>> for block in calibrate(model, sequences):
        ...     block.see(lambda layer, inputs: print(layer.name, inputs.shape))

    Raises:
        InputError: as `rows_of`; a model whose blocks come in parts or run more than once, or that
            share weights; an encoder-decoder without a start token.
    """
    yield from walk(model, rows_of(model, sequences, tokenizer))


def walk(model: PreTrainedModel, rows: Rows) -> Iterator[Block]:
    """As `calibrate`, with rows that are checked already."""
    layers: dict[tuple[str, int], list[Layer]] = {}
    for layer in prunable_layers(model):
        layers.setdefault((layer.stack, layer.block), []).append(layer)
    with _prepared(model):
        run = _Run(model, rows)
        for stack, number, block in run.order:
            own = tuple(layers.get((stack, number), ()))
            yield Block(stack, number, own, run.seer(block, own))
            run.finish(stack, block)


@contextmanager
def _prepared(model: PreTrainedModel) -> Iterator[None]:
    """Without dropout, and with experts one after another, where they can be told apart."""
    experts = model.get_experts_implementation() if _has_experts(model) else None
    if experts:
        model.set_experts_implementation("eager")
    try:
        with in_mode(model, training=False):
            yield
    finally:
        if experts:
            model.set_experts_implementation(experts)


def _has_experts(model: PreTrainedModel) -> bool:
    return any("experts" in name.rpartition(".")[2] for name, _ in model.named_modules())


class _Reached(Exception):
    """Ends a forward pass at the block that was waited for."""


class _Run:
    """The batches, the blocks in their order, and for each stack what its last block returned."""

    def __init__(self, model: PreTrainedModel, rows: Rows) -> None:
        self._found = [
            (stack.name, number, parts)
            for stack in block_lists.find(model)
            for number, parts in enumerate(stack.blocks)
        ]
        for stack, number, parts in self._found:
            if len(parts) > 1:
                raise InputError(
                    f"the blocks of {type(model).__name__} come in parts ({parts[0][0]} is one of "
                    f"{len(parts)} of {stack} block {number}), and cannot be calibrated one at a "
                    "time: prune by magnitude (prune_global)"
                )
        body = getattr(model, "base_model", model)
        inside = set(body.modules())
        blocks = [parts[0][1] for _, _, parts in self._found]
        self._model = body if all(block in inside for block in blocks) else model
        self._inputs = list(_arguments(self._model, rows, _parameters(self._model, model)))
        self._last: dict[str, list[Any]] = {}
        self._done: dict[nn.Module, str] = {}
        self._at = 0
        self._check_shared()
        self.order = self._in_order()

    def seer(self, block: nn.Module, layers: tuple[Layer, ...]) -> Callable[[Visit], None]:
        def see(visit: Visit) -> None:
            if block in self._done:
                raise InputError("this block's turn is over: calibrate() has gone on to the next")
            for _ in self._through(block, watching_=(layers, visit)):
                pass

        return see

    def finish(self, stack: str, block: nn.Module) -> None:
        """Compute the block's outputs with the weights that it has now, and keep them."""
        kept = self._last.get(stack) or [None] * len(self._inputs)
        for number, output in enumerate(self._through(block)):
            kept[number] = output  # the stand-ins read the old one until here
        self._last[stack] = kept
        self._done[block] = stack

    def _through(self, block: nn.Module, watching_: tuple | None = None) -> Iterator[Any]:
        """What the block returns, batch by batch."""
        import torch

        output: list[Any] = []

        def reached(forward: Callable) -> Callable:
            def call(*args: Any, **kwargs: Any) -> None:
                if watching_ is None:
                    output.append(forward(*args, **kwargs))
                else:
                    with watching(*watching_):
                        output.append(forward(*args, **kwargs))
                raise _Reached

            return call

        for number, inputs in enumerate(self._inputs):
            self._at = number
            output.clear()
            with ExitStack() as replaced:
                for done, stack in self._done.items():
                    replaced.enter_context(_forward(done, lambda _, s=stack: self._stand_in(s)))
                replaced.enter_context(_forward(block, reached))
                with suppress(_Reached), torch.no_grad():
                    self._model(**inputs)
            yield output[0]

    def _stand_in(self, stack: str) -> Callable:
        return lambda *args, **kwargs: _copied(self._last[stack][self._at])

    def _in_order(self) -> list[tuple[str, int, nn.Module]]:
        """The blocks as one forward pass calls them; those it does not call are left out."""
        import torch

        places = {parts[0][1]: (stack, number) for stack, number, parts in self._found}
        called: list[nn.Module] = []
        handles = [
            block.register_forward_pre_hook(lambda module, _: called.append(module))
            for block in places
        ]
        shortest = min(self._inputs, key=lambda inputs: inputs[IDS].shape[1])
        try:
            with torch.no_grad():
                self._model(**{name: _first(value) for name, value in shortest.items()})
        finally:
            for handle in handles:
                handle.remove()
        for block in called:
            if called.count(block) > 1:
                stack, number = places[block]
                raise InputError(
                    f"{stack} block {number} runs {called.count(block)} times in one forward pass, "
                    "each time with other inputs: it cannot be calibrated. Prune by magnitude "
                    "(prune_global)"
                )
        return [(*places[block], block) for block in called]

    def _check_shared(self) -> None:
        owner: dict[int, str] = {}
        for _, _, parts in self._found:
            name, block = parts[0]
            for own, parameter in block.named_parameters():
                if parameter.dim() < 2:
                    continue
                before = owner.setdefault(id(parameter), name)
                if before != name:
                    raise InputError(
                        f"{name}.{own} is also a weight of {before}: what one block's inputs say "
                        "of it does not hold for the other's. Prune by magnitude (prune_global)"
                    )


@contextmanager
def _forward(module: nn.Module, wrap: Callable[[Callable], Callable]) -> Iterator[None]:
    """The module with another forward, for a while."""
    own = module.__dict__.get("forward")
    module.forward = wrap(module.forward)
    try:
        yield
    finally:
        if own is None:
            del module.forward
        else:
            module.forward = own


def _parameters(body: nn.Module, model: nn.Module) -> set[str]:
    """What the body's forward pass takes: a wrapper that passes all on does not say it itself."""
    own = inspect.signature(body.forward).parameters
    passes_on = any(one.kind is one.VAR_KEYWORD for one in own.values())
    return {*own, *(inspect.signature(model.forward).parameters if passes_on else ())}


def _arguments(model: nn.Module, rows: Rows, taken: set[str]) -> Iterator[dict[str, Any]]:
    """The arguments of a forward pass, for each batch."""
    import torch

    config = model.config
    device = next(model.parameters()).device
    for batch in rows.batches():
        inputs: dict[str, Any] = {name: ids.to(device) for name, ids in batch.items()}
        if SEGMENTS not in taken:
            inputs.pop(SEGMENTS, None)
        if MASK in taken:
            inputs[MASK] = torch.ones_like(inputs[IDS])
        if getattr(config, "is_encoder_decoder", False) and DECODER_IDS not in inputs:
            start = getattr(config, "decoder_start_token_id", None)
            if start is None:
                raise InputError(
                    f"the config of this {config.model_type} has no decoder_start_token_id, so "
                    "that its decoder has no input: set model.config.decoder_start_token_id, or "
                    "give decoder_input_ids"
                )
            first = torch.full_like(inputs[IDS][:, :1], start)
            inputs[DECODER_IDS] = torch.cat([first, inputs[IDS][:, :-1]], dim=1)
        if "use_cache" in taken:
            inputs["use_cache"] = False
        yield inputs


def _first(value: Any) -> Any:
    return value[:1] if hasattr(value, "shape") else value


def _copied(output: Any) -> Any:
    """The output with tensors of its own, which the model may write to."""
    if hasattr(output, "clone"):
        return output.clone()
    if type(output) in (tuple, list):
        return type(output)(_copied(part) for part in output)
    return output
