"""`labkit speed`: what sparse layers bring on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from labkit.cli.app import ModelName, app, level, print_table, progress


@app.command()
def speed(
    name: ModelName,
    source: Annotated[
        str, typer.Option(help="random (the full shape), mini, hub, or a checkpoint folder.")
    ] = "random",
    sparsity: Annotated[str, typer.Option(help="0.9 or 90%, pruned globally.")] = "90%",
    batch_size: Annotated[int, typer.Option(help="Sequences of a forward pass.")] = 8,
    length: Annotated[int, typer.Option(help="Tokens of a sequence.")] = 128,
    dtype: Annotated[
        str, typer.Option(help="Of the dense model: float32, bfloat16 or float16.")
    ] = "float32",
) -> None:
    """Prune a model, run its layers sparse where that pays, and time both ways.

    Sparse layers compute in float32, in whatever dtype the dense model is timed.
    """
    import copy

    import pandas as pd
    import torch

    from labkit import load_model, measure_runtime, prune_global, sparse_linear
    from labkit.errors import InputError

    share = level(sparsity)
    if batch_size < 1 or length < 1:
        raise InputError(f"{batch_size} × {length} tokens: batch size and length are at least 1")
    if dtype not in ("float32", "bfloat16", "float16"):
        raise InputError(f"--dtype {dtype}: choose float32, bfloat16 or float16")
    with progress("speed") as report:
        report("load and prune", 0, 4)
        model = load_model(name, source).model
        stored = str(model.dtype).removeprefix("torch.")
        model.float()  # what sparse layers compute in
        prune_global(model, share)
        report("time the dense model", 1, 4)
        other = model if dtype == "float32" else copy.deepcopy(model).to(getattr(torch, dtype))
        dense = measure_runtime(other, batch_size=batch_size, length=length).median
        del other
        report("compare the layers", 2, 4)
        choices = sparse_linear(model, tokens=batch_size * length)
        report("time the sparse model", 3, 4)
        sparse = measure_runtime(model, batch_size=batch_size, length=length).median
        report("done", 4, 4)
    if dtype != "float32":
        print(f"{name} is timed dense in {dtype}, sparse in float32 (sparse layers know no other)")
    elif stored != "float32":
        print(
            f"{name} is stored in {stored} and was converted to float32, dense and sparse alike "
            f"(--dtype {stored}: the dense model as it is stored)"
        )
    frame = pd.DataFrame(choices)
    frame["layer"] = [f"{choice.inputs} → {choice.outputs}" for choice in choices]
    groups = frame.groupby(["layer", "method"], sort=False)
    table = groups.agg(
        layers=("name", "size"),
        zeros=("sparsity", "mean"),
        dense_ms=("dense_ms", "mean"),
        sparse_ms=("sparse_ms", "mean"),
        break_even=("break_even", "mean"),
    ).reset_index()
    for column in ("zeros", "break_even"):
        table[column] = [f"{value:.1%}" for value in table[column]]
    for column in ("dense_ms", "sparse_ms"):
        table[column] = [f"{value:.2f}" for value in table[column]]
    print_table(f"Layers at {batch_size} × {length} tokens", table)
    print(
        f"forward pass: dense {1e3 * dense:.1f} ms, sparse {1e3 * sparse:.1f} ms, "
        f"{dense / sparse:.2f} times as fast"
    )
