"""Small models of blocks, whose prunable matrices are to be found."""

from typing import TYPE_CHECKING

from labkit.checks.weights.draws import Draws

if TYPE_CHECKING:
    from torch import nn


def blocks(draws: Draws, count: int, table: bool = False) -> "nn.ModuleDict":
    """A model of `count` small blocks with both types of matrices, and no head."""
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    def block() -> "nn.ModuleDict":
        parts = {"attention": nn.Linear(3, 4), "norm": nn.LayerNorm(4), "mlp": Conv1D(4, 4)}
        return nn.ModuleDict(parts | ({"positions": nn.Embedding(4, 4)} if table else {}))

    # Many names: who has memorised the answers for some knows nothing of others.
    first, last = ("text", "trunk", "tower", "main", "deep"), ("layers", "h", "stages", "blocks")
    name = f"{draws.random.choice(first)}_{draws.random.choice(last)}"
    parts = {"words": nn.Embedding(5, 3), name: nn.ModuleList([block() for _ in range(count)])}
    return nn.ModuleDict(parts)


def tied(model: "nn.ModuleDict", first: int, second: int) -> "nn.ModuleDict":
    """The model, two of its blocks with one weight."""
    blocks = list(model.values())[1]
    blocks[second]["mlp"].weight = blocks[first]["mlp"].weight
    return model


def shared(model: "nn.ModuleDict", first: int, second: int) -> "nn.ModuleDict":
    """The model, one of its blocks in two places."""
    blocks = list(model.values())[1]
    blocks[second] = blocks[first]
    return model


def nested(blocks: "nn.ModuleDict") -> "nn.ModuleDict":
    """Each block holds a list of its own, as one with several experts does."""
    from torch import nn

    for block in list(blocks.values())[1]:
        block["experts"] = nn.ModuleList([nn.Linear(4, 2), nn.Linear(4, 2)])
    return blocks


def twins(model: "nn.ModuleDict") -> "nn.ModuleDict":
    """Blocks of equal numbers, one in the memory of another, and matrices without entries."""
    from torch import nn

    blocks = list(model.values())[1]
    blocks[1].load_state_dict(blocks[0].state_dict())
    blocks[2]["attention"].weight = nn.Parameter(blocks[0]["attention"].weight.detach())
    for block in list(blocks)[:2]:
        block["none"] = nn.Linear(0, 3)
    return model


def odd(draws: Draws) -> "nn.ModuleDict":
    """Layers and lists of classes of their own, layers in a list, and what looks like a layer."""
    from torch import nn

    from labkit.checks.lent.blocks import Adapter, Linear, Projection, Stack

    def block() -> "nn.ModuleDict":
        like = {"pair": nn.Bilinear(2, 3, 4), "row": nn.Conv1d(3, 4, 1), "like": Linear(3, 4)}
        own = {
            "mix": nn.MultiheadAttention(4, 2),
            "in": Adapter(4, 2),
            "up": Projection(2, 4),
            "out": nn.Linear(4, 2, False),
        }
        names = [*like, *own]
        draws.random.shuffle(names)
        return nn.ModuleDict({name: (like | own)[name] for name in names})

    first, second = nn.Linear(4, 4).requires_grad_(False), nn.Linear(4, 2)
    layers = nn.ModuleList([first, Adapter(4, 3), nn.Sequential(second)])
    inner = nn.ModuleDict({"stack": Stack([block(), block()]), "norm": nn.LayerNorm(4)})
    return nn.ModuleDict({"words": nn.Embedding(5, 4), "tower": inner, "layers": layers})
