"""Inputs of a layer with an attention mask, drawn from a seed, from which norms are read."""

from collections.abc import Sequence
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def sign(random: Random) -> int:
    """1 or -1."""
    return random.choice((-1, 1))


def padded_inputs(
    random: Random,
    sequences: int,
    length: int,
    features: int,
    padding: Sequence[Sequence[int]] = (),
    top: int = 12,
) -> "tuple[Tensor, Tensor]":
    """Inputs (sequences × length × features, float32) and their mask (sequences × length, int64).

    Features differ in size, up to `top`, and in how much of it stands in few tokens, which is what
    tells norms apart.  All are whole numbers and none is 0, so that sums of squares are exact and
    no feature ties all its scores.  What stands at padding is large.

    Args:
        random: what draws.
        sequences, length, features: the shape.
        padding: the padded tokens of each sequence; the mask is 0 there.
        top: the largest input of a real token.
    """
    import torch

    high = [random.randint(2, top) for _ in range(features)]
    often = [random.choice((0.2, 0.9)) for _ in range(features)]
    values = [
        sign(random) * (random.randint(1, most) if random.random() < share else 1)
        for _ in range(sequences * length)
        for most, share in zip(high, often, strict=True)
    ]
    inputs = torch.tensor(values, dtype=torch.float32, device="cpu")
    inputs = inputs.reshape(sequences, length, features)
    mask = torch.ones(sequences, length, dtype=torch.int64, device="cpu")
    for row, padded in enumerate(padding):
        for token in padded:
            mask[row, token] = 0
            large = [sign(random) * random.randint(5, 60) for _ in range(features)]
            inputs[row, token] = torch.tensor(large, dtype=torch.float32)
    return inputs, mask
