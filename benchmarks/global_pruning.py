"""Global magnitude pruning of RoBERTa-base's 85 M weights against torch.nn.utils.prune."""

from __future__ import annotations

import sys

from benchmarks.compare import Row, in_turn, report

SPARSITY = 0.9


def run() -> list[Row]:
    """Ours and torch's `global_unstructured` + `remove`, each in its own process."""
    claim = f"global pruning, RoBERTa-base shape, {SPARSITY:.0%}"
    return [in_turn(claim, "torch.nn.utils.prune", "benchmarks.global_pruning")]


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
    report(lambda: {"ours": _ours, "peer": _peer}[sys.argv[1]](loaded))
