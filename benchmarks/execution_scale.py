"""What sparse execution costs as work grows: 64 to 8,192 tokens, widths of 256 to 4,096."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch

from benchmarks.compare import Claim, Table, alternate, resumed, save
from benchmarks.models import encoder
from labkit.execution import kernels

WIDTHS = (256, 512, 1024, 2048, 4096)
TOKENS = (64, 256, 1024, 4096, 8192)
LEVELS = (0.9, 0.95)
SEQUENCE = 128
"""Tokens of a row in the stack's batches."""

MOST = 9e11
"""Multiplications of a dense pass: the stack is not run where it would need more."""

LAYER, STACK = "layer", "stack"
WORDS = {LAYER: "a layer, width → width", STACK: "a RoBERTa of two blocks"}


def run(resume: bool = False) -> Claim:
    """Each width and number of tokens in turn; what is done is saved after each width.

    `resume`: widths that an earlier run on this machine has saved are not measured again.
    """
    return measure(WIDTHS, TOKENS, resumed("execution_scale", resume))


def measure(
    widths: tuple[int, ...], tokens: tuple[int, ...], data: dict[str, Any], keep: bool = True
) -> Claim:
    """Fill `data` with what it lacks; `keep`: save the claim after each width."""
    data.setdefault("threads", torch.get_num_threads())
    data.setdefault("reading", _bytes_per_second())
    data.setdefault("cells", [])
    for kind, make in ((LAYER, _layer), (STACK, _stack)):
        for width in widths:
            if any((c["kind"], c["width"]) == (kind, width) for c in data["cells"]):
                continue
            data["cells"] += _measure(kind, make, width, tokens)
            if keep:
                save("execution_scale", claim(data))
    return claim(data)


def claim(data: dict[str, Any]) -> Claim:
    """The tables and the bound that follow from what was measured."""
    cells = data["cells"]
    data["bound"] = bound = min(
        cell["seconds"]["dense"] / (cell["tokens"] * cell["weights"]) for cell in cells
    )
    columns = ["width", "tokens", "dense (ms)"]
    for level in LEVELS:
        columns += [f"{level:.0%} (ms)", "faster", "ps a token and kept weight"]
    tables = {kind: tuple(_row(cell) for cell in cells if cell["kind"] == kind) for kind in WORDS}
    least = _flattest(cells)
    said = "; ".join(f"{width:,}: {found}" for width, found in _ends(cells).items())
    return Claim(
        title="Sparse execution as tokens and widths grow",
        columns=tuple(columns),
        rows=tables[LAYER],
        note=f"{data['threads']} threads, float32; the first table is {WORDS[LAYER]}, with bias, "
        f"the second {WORDS[STACK]} whose prunable layers are all sparse, on rows of at most "
        f"{SEQUENCE} tokens; zeros at random; medians of calls in turn. Nothing is left out but "
        f"passes of the stack with more than {MOST:.0e} dense multiplications (not run). A kept "
        f"weight costs {1e12 * least:.2f} ps a token at best, on all threads together. The bound: "
        f"{1e12 * bound:.2f} ps, what the dense product at its best takes for a weight, since a "
        "kept weight needs the same multiplication and addition; and where tokens are few, the "
        f"time to read 8 bytes a kept weight once a pass, at {data['reading'] / 1e9:.0f} GB/s from "
        f"memory. Within 1.25 times a width's lowest cost at {LEVELS[-1]:.0%} (one layer): {said}.",
        data=data,
        more=(Table(WORDS[STACK].capitalize(), tuple(columns), tables[STACK]),),
    )


def cost(cell: dict[str, Any], level: float) -> float:
    """Seconds a token and kept weight."""
    return cell["seconds"][str(level)] / (cell["tokens"] * cell["kept"][str(level)])


def _flattest(cells: list[dict[str, Any]]) -> float:
    return min(cost(cell, level) for cell in cells for level in LEVELS if cell["kind"] == LAYER)


def _ends(cells: list[dict[str, Any]]) -> dict[int, str]:
    """For each width the numbers of tokens at which one layer's cost is about its lowest."""
    found: dict[int, str] = {}
    layers = [cell for cell in cells if cell["kind"] == LAYER]
    for width in dict.fromkeys(cell["width"] for cell in layers):
        costs = {c["tokens"]: cost(c, LEVELS[-1]) for c in layers if c["width"] == width}
        flat = [tokens for tokens, one in costs.items() if one <= 1.25 * min(costs.values())]
        found[width] = ", ".join(f"{tokens:,}" for tokens in flat) + " tokens"
    return found


def _row(cell: dict[str, Any]) -> tuple[str, ...]:
    dense = cell["seconds"]["dense"]
    row = [f"{cell['width']:,}", f"{cell['tokens']:,}", f"{1e3 * dense:.2f}"]
    for level in LEVELS:
        seconds = cell["seconds"][str(level)]
        row += [f"{1e3 * seconds:.2f}", f"{dense / seconds:.2f} ×"]
        row.append(f"{1e12 * cost(cell, level):.2f}")
    return tuple(row)


Ways = dict[str, Callable[[int], Callable[[], torch.Tensor]]]
"""Way → for a number of tokens, the call that is timed."""


def _measure(
    kind: str, make: Callable[[int], tuple[int, dict, Ways]], width: int, tokens: tuple[int, ...]
) -> list[dict[str, Any]]:
    weights, kept, ways = make(width)
    cells = []
    for count in tokens:
        if kind == STACK and count * weights > MOST:
            continue
        calls = {way: at(count) for way, at in ways.items()}
        large = count * weights > 5e9
        with torch.inference_mode():
            seconds = alternate(calls, runs=3 if large else 15, warmup=1)
        cell = {"kind": kind, "width": width, "tokens": count, "weights": weights, "kept": kept}
        cells.append(cell | {"seconds": seconds})
    return cells


def _layer(width: int) -> tuple[int, dict[str, int], Ways]:
    torch.manual_seed(0)
    weight, score, bias = torch.randn(width, width), torch.rand(width, width), torch.randn(width)

    def at(product: Callable[[torch.Tensor], torch.Tensor]) -> Callable:
        def call(tokens: int) -> Callable[[], torch.Tensor]:
            x = torch.randn(tokens, width)
            return lambda: product(x)

        return call

    ways = {"dense": at(lambda x: torch.nn.functional.linear(x, weight, bias))}
    kept = {}
    for level in LEVELS:
        pruned = weight * (score >= level)
        matrix = kernels.kept(pruned)
        kept[str(level)] = len(matrix.values)
        ways[str(level)] = at(lambda x, m=matrix: kernels.kernel_product(x, m, bias))
        x = torch.randn(64, width)
        exact = torch.nn.functional.linear(x, pruned, bias)
        torch.testing.assert_close(
            kernels.kernel_product(x, matrix, bias), exact, atol=1e-3, rtol=0
        )
    return weight.numel(), kept, ways


def _stack(width: int) -> tuple[int, dict[str, int], Ways]:
    from labkit import prunable_layers, prune_model, sparse_linear

    dense = encoder(width, 2)
    weights = sum(layer.weight.numel() for layer in prunable_layers(dense))
    models, kept = {"dense": dense}, {}
    for level in LEVELS:
        pruned = copy.deepcopy(dense)
        kept[str(level)] = weights - prune_model(pruned, level, method="random").zeros
        chosen = sparse_linear(pruned, calibrate=False)
        assert all(choice.method == "kernel" for choice in chosen)
        models[str(level)] = pruned

    def at(model: torch.nn.Module) -> Callable:
        def call(tokens: int) -> Callable[[], torch.Tensor]:
            length = min(tokens, SEQUENCE)
            ids = torch.randint(3, 99, (tokens // length, length))
            masks = {"attention_mask": torch.ones_like(ids), "token_type_ids": 0 * ids}
            return lambda: model(input_ids=ids, **masks)[0]

        return call

    return weights, kept, {way: at(model) for way, model in models.items()}


def _bytes_per_second() -> float:
    """How fast all threads read what lies in memory and in no cache."""
    large = torch.ones(1 << 27)  # 512 MiB
    return 4 * large.numel() / alternate({"read": large.sum}, runs=5)["read"]
