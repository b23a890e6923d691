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
    narrow: Annotated[
        bool,
        typer.Option(
            "--bf16/--no-bf16", help="Time sparse layers with activations in bfloat16 too."
        ),
    ] = True,
    others: Annotated[
        bool, typer.Option(help="Time the dense model in bfloat16 and int8 too, in memory beside.")
    ] = True,
) -> None:
    """Prune a model, run its layers sparse where that pays, and time it beside what else one has.

    Sparse layers compute in float32, in whatever dtype the dense model is timed, and in a further
    way with activations rounded to bfloat16.  The dense model in bfloat16 and int8 is torch's
    (`model.bfloat16()`, `quantize_dynamic`).  The fastest of all is recommended, with a word on its
    answers.
    """
    import copy

    import pandas as pd
    import torch

    from labkit import load_model, prune_global, sparse_linear
    from labkit.errors import InputError
    from labkit.execution.compare_ways import compare_ways, recommendation
    from labkit.execution.precision import PRECISIONS, lower_precision
    from labkit.execution.processor import instruction_sets_text

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
        models = {f"dense {dtype}": model}
        if dtype != "float32":
            models[f"dense {dtype}"] = copy.deepcopy(model).to(getattr(torch, dtype))
        report("convert the dense model", 1, 4)
        reasons = []
        for precision in PRECISIONS if others else ():
            if precision != dtype:
                try:
                    models[f"dense {precision}"] = lower_precision(model, precision)
                except InputError as error:
                    reasons.append(f"dense {precision} is not timed: {error}")
        sparse = copy.deepcopy(model) if dtype == "float32" else model
        prune_global(sparse, share)
        report("compare the layers", 2, 4)
        choices = sparse_linear(sparse, tokens=batch_size * length)
        report("time all ways in turn", 3, 4)
        models[f"sparse float32, {100 * share:g}% zeros"] = sparse
        if narrow:
            again = copy.deepcopy(sparse)
            sparse_linear(again, tokens=batch_size * length, precision="bfloat16")
            models[f"sparse bfloat16, {100 * share:g}% zeros"] = again
        ways = compare_ways(models, batch_size=batch_size, length=length)
        report("done", 4, 4)
    if dtype != "float32":
        print(f"{name} is timed dense in {dtype}, sparse in float32, as its weights are")
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
    rows = [
        {
            "forward pass": way.name,
            "ms": f"{1e3 * way.seconds:.1f}",
            "times as fast": f"{ways[0].seconds / way.seconds:.2f}",
            "largest difference": "–" if way.apart is None else f"{way.apart:.2g}",
            "same decisions": "–" if way.same is None else f"{way.same:.0%}",
        }
        for way in ways
    ]
    print_table(f"Ways to run {name}, {instruction_sets_text()}", pd.DataFrame(rows))
    print(
        f"Differences are those of logits from {ways[0].name}, in standard deviations of its own; "
        "sparse layers in float32 answer as the pruned model does."
    )
    for reason in reasons:
        print(reason)
    times = ways[0].seconds
    ours = next(way.seconds for way in ways if way.name.startswith("sparse float32"))
    print(
        f"forward pass: dense {1e3 * times:.1f} ms, sparse {1e3 * ours:.1f} ms, "
        f"{times / ours:.2f} times as fast"
    )
    print(recommendation(ways))
