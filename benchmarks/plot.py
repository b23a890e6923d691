"""Draw the cost of global pruning against the size of the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from labkit.plots.figure import INK, SERIES, Plot


def plot_scaling(data: Mapping[str, Sequence[float | None]]) -> Plot:
    """Seconds against number of weights, both on log scales, from the claim "scaling".

    `data` maps "sizes" to numbers of weights, and each way to its seconds; None where a way was
    not run (it does not fit into memory, or takes too long).
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2, 3.6), layout="constrained")
    axis = figure.subplots()
    sizes = data["sizes"]
    said = []
    for (way, seconds), style in zip(
        [item for item in data.items() if item[0] != "sizes"], SERIES, strict=False
    ):
        points = [(n, s) for n, s in zip(sizes, seconds, strict=True) if s is not None]
        axis.plot(*zip(*points, strict=True), label=way, **style)
        (first, low), (last, high) = points[0], points[-1]
        said.append(f"{way}: from {low:.3g} s at {first / 1e6:.0f} M to {high:.3g} s at "
                    f"{last / 1e6:.0f} M weights")  # fmt: skip
    axis.set(xscale="log", yscale="log", xlabel="weights", ylabel="seconds")
    axis.grid(color=INK, alpha=0.25, linewidth=0.5)
    axis.legend(frameon=False)
    alt = "Seconds of global pruning against the number of weights. " + "; ".join(said) + "."
    return Plot(figure, "scaling", alt)
