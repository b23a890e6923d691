"""All five levels of a sweep over RoBERTa-base's 85 M weights, against one level and torch."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from torch import nn

from benchmarks.compare import Claim, alternate, in_turn, report
from benchmarks.models import encoder, prune_with_torch

ONE = (0.9,)

WRITTEN = "copying all weights to memory that is there (torch)"


def run() -> Claim:
    """Selection alone and with masks in one process; whole sweeps each in its own."""
    import numpy as np

    from labkit import prunable_layers
    from labkit.pruning import key_passes, prune

    key_passes.loops(np.uint32)
    weights = {layer.name: layer.weight for layer in prunable_layers(encoder(768, 12))}
    others = {name: weight.detach().clone() for name, weight in weights.items()}
    found = alternate(
        {
            WRITTEN: lambda: [one.copy_(weights[name].detach()) for name, one in others.items()],
            "one threshold": lambda: _select(weights, ONE),
            "five thresholds": lambda: _select(weights, prune.LEVELS),
            "one threshold and mask": lambda: _masks(weights, ONE),
            "five thresholds and masks": lambda: _masks(weights, prune.LEVELS),
        }
    )
    whole = in_turn("benchmarks.sweep", ("one", "five"))
    whole |= in_turn("benchmarks.sweep", ("torch",), 1)
    five, torch = whole["five"], whole["torch"]
    rows = [(what, f"{seconds:.3f}", "") for what, seconds in found.items()]
    names = {
        "one": "labkit.sweep, one level",
        "five": "labkit.sweep, five levels",
        "torch": "copy.deepcopy and torch.nn.utils.prune, five levels",
    }
    rows += [(names[way], f"{s.seconds:.3f}", f"{s.memory:.0f}") for way, s in whole.items()]
    select_ratio = found["five thresholds"] / found["one threshold"]
    all_to_one = found["five thresholds"] / found["one threshold and mask"]
    more = (five.seconds - whole["one"].seconds) / 4
    mask_ratio = found["five thresholds and masks"] / found["one threshold and mask"]
    return Claim(
        title="Five levels (10, 50, 90, 95, 99 %) of RoBERTa-base's 85 M weights",
        columns=("what", "seconds", "extra memory (MB)"),
        rows=tuple(rows),
        note=f"Five thresholds cost {select_ratio:.2f} times one, and {all_to_one:.2f} times one "
        "level pruned (its threshold and its mask). With the masks, made one tensor "
        f"at a time and not kept, {mask_ratio:.2f} times. A whole sweep, with nothing done at each "
        "level, also copies the weights at the start and writes all of them back after each level: "
        f"{five.seconds / whole['one'].seconds:.2f} times a sweep of one level. Each of the "
        f"four more takes {1e3 * more:.0f} ms, with its threshold and all weights written anew.",
        headlines=(
            (
                "sweep over five levels, RoBERTa-base shape",
                "deepcopy and torch.nn.utils.prune at each",
                f"{torch.seconds / five.seconds:.0f} × faster, "
                f"{five.memory / torch.memory:.1%} of its extra memory",
            ),
        ),
        data=found | {way: [s.seconds, s.memory] for way, s in whole.items()},
    )


def _select(weights: dict[str, nn.Parameter], levels: Sequence[float]) -> object:
    from labkit.pruning.masks import Selection

    return Selection("global", weights, levels, 0)


def _masks(weights: dict[str, nn.Parameter], levels: Sequence[float]) -> None:
    import numpy as np

    from labkit.pruning import apply_rules, threads

    selection = _select(weights, levels)
    with threads.team() as team:
        for number, (_, bits) in enumerate(selection.scores()):
            for rules in selection.rules:
                place = (bits, np.empty(len(bits), np.bool_))
                apply_rules.drop([place], [rules[number]], selection.format, team)


def main(way: str) -> None:
    """Measure one whole sweep, in this process."""
    import copy

    import numpy as np

    from labkit import prunable_layers
    from labkit.pruning import key_passes, prune

    key_passes.loops(np.uint32)
    model = encoder(768, 12)
    prunable_layers(model)  # imports what it needs

    def ours(levels: Sequence[float]) -> None:
        for _ in prune.sweep(model, levels):
            pass

    def torch() -> None:
        for level in prune.LEVELS:
            prune_with_torch(copy.deepcopy(model), level)

    report({"one": lambda: ours(ONE), "five": lambda: ours(prune.LEVELS), "torch": torch}[way])


if __name__ == "__main__":
    main(sys.argv[1])
