"""Hessians drawn from a seed, and weights for them: small, positive definite, far from singular."""

from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


class Draws:
    """What the exercises `criteria.obs` and `criteria.sparsegpt` are called with, in float64."""

    def __init__(self, draw: Random) -> None:
        import torch

        self.random = draw
        self._generator = torch.Generator().manual_seed(draw.randrange(2**31))

    def normal(self, *shape: int) -> "Tensor":
        """Numbers of a normal distribution."""
        import torch

        return torch.randn(shape, generator=self._generator, dtype=torch.float64)

    def weights(self, *shape: int) -> "Tensor":
        """Weights of either sign and from 0.2 to 3 in size, exact in float32."""
        import torch

        sizes = torch.rand(shape, generator=self._generator, dtype=torch.float64) * 2.8 + 0.2
        return (sizes * self.normal(*shape).sign()).float().double()

    def hessian(self, width: int, spread: float = 1.5) -> "Tensor":
        """Features of different sizes (up to `spread` doublings) that go together in part.

        Its condition number is at most 200, and it is the same read by rows and by columns.
        """
        import torch

        while True:
            common = self.normal(4 * width + 8, 1)
            x = self.normal(4 * width + 8, width) + 0.8 * common
            sizes = torch.rand(width, generator=self._generator, dtype=torch.float64)
            x = x * 2 ** (spread * sizes)
            h = (2 * x.t() @ x / len(x)).float().double()
            if torch.linalg.cond(h) < 200:
                return h
