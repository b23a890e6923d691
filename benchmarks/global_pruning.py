"""Global magnitude pruning of RoBERTa-base's 85 M weights against torch.nn.utils.prune."""

from __future__ import annotations

import sys

from benchmarks.compare import Claim, in_turn, report

SPARSITY = 0.9


def run() -> Claim:
    """Ours and torch's `global_unstructured` + `remove`, each in its own process."""
    found = in_turn("benchmarks.global_pruning", ("ours", "torch"))
    ours, peer = found["ours"], found["torch"]
    faster, memory = peer.seconds / ours.seconds, ours.memory / peer.memory
    return Claim(
        title=f"Global pruning of RoBERTa-base's 85 M weights to {SPARSITY:.0%}",
        columns=("way", "peer", "seconds", "extra memory (MB)"),
        rows=tuple(
            (way, "" if way == "ours" else "peer", f"{s.seconds:.2f}", f"{s.memory:.0f}")
            for way, s in found.items()
        ),
        note="Each run in its own process, in turn; medians; memory is the rise of the peak.",
        headlines=(
            (
                f"global pruning, RoBERTa-base shape, {SPARSITY:.0%}",
                "torch.nn.utils.prune",
                f"{faster:.0f} × faster, {memory:.1%} of its extra memory",
            ),
        ),
    )


def _ours(model) -> None:  # noqa: ANN001
    from labkit import prune_global

    prune_global(model, SPARSITY)


def _peer(model) -> None:  # noqa: ANN001
    from torch.nn.utils import prune

    from labkit import prunable_layers

    targets = [
        (model.get_submodule(layer.name.removesuffix(".weight")), "weight")
        for layer in prunable_layers(model)
    ]
    prune.global_unstructured(targets, pruning_method=prune.L1Unstructured, amount=SPARSITY)
    for module, name in targets:
        prune.remove(module, name)


if __name__ == "__main__":
    from labkit import load_model

    loaded = load_model("roberta", "random").model
    report(lambda: {"ours": _ours, "torch": _peer}[sys.argv[1]](loaded))
