"""The Hessian of a layer's squared error, and what removing a weight needs of its inverse.

For the outputs W x of a layer the error of other weights on the calibration is quadratic, with the
Hessian 2 X Xᵀ for each row of W (Hassibi and Stork 1992, "Optimal Brain Surgeon"; Frantar and
Alistarh 2023).  A factor of the Hessian changes neither which weights go nor what the others
become, so that the plain sum over tokens is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.errors import InputError
from labkit.models.prunable import Layer
from labkit.pruning.calibrated.by_block import working

if TYPE_CHECKING:
    import torch


class Hessian:
    """X Xᵀ, summed over batches: (inputs, inputs) in float32, or float64 as the weights."""

    def __init__(self, layer: Layer) -> None:
        import torch

        inputs = layer.weight.shape[0 if layer.transposed else 1]
        dtype = working(layer.weight.dtype)
        self.sum = torch.zeros(inputs, inputs, dtype=dtype, device=layer.weight.device)
        self.tokens = 0

    def add(self, inputs: torch.Tensor) -> None:
        """Count the inputs of some tokens in, (tokens, inputs)."""
        inputs = inputs.to(self.sum.dtype)
        self.sum.addmm_(inputs.T, inputs)
        self.tokens += len(inputs)

    def finite(self) -> bool:
        """Whether all inputs were."""
        return bool(self.sum.diagonal().isfinite().all())


def dead_inputs(hessian: torch.Tensor) -> torch.Tensor:
    """Which inputs were zero for all tokens: bool (inputs,).  Their weights multiply nothing."""
    return hessian.diagonal() == 0


def inverse_factor(hessian: torch.Tensor, damping: float, name: str = "the layer") -> torch.Tensor:
    """The upper Cholesky factor U of the inverse, UᵀU = (H + λI)⁻¹.

    When the inputs before i are done with, row i of U over its diagonal is what optimal brain
    surgeon takes from the inverse of the Hessian of those that are left: Uᵢᵢ² is its corner, and
    -Uᵢⱼ / Uᵢᵢ what weight j gains for each unit that weight i loses (Frantar et al. 2022, GPTQ).

    Args:
        hessian: (inputs, inputs); it is not changed.
        damping: λ as a share of the mean of the diagonal over inputs that were not all zero.
        name: of the layer, for the error.

    Returns:
        (inputs, inputs), in the dtype of the Hessian; computed in float64.

    Raises:
        InputError: damped, it still is not positive definite.
    """
    import torch

    damped = hessian.double()
    if damped.data_ptr() == hessian.data_ptr():
        damped = damped.clone()
    diagonal = damped.diagonal()
    dead = diagonal == 0
    mean = diagonal[~dead].mean() if not bool(dead.all()) else 1.0
    diagonal[dead] = 1.0
    diagonal += damping * mean
    lower, failed = torch.linalg.cholesky_ex(damped)
    if int(failed) == 0:
        upper, failed = torch.linalg.cholesky_ex(torch.cholesky_inverse(lower), upper=True)
    if int(failed):
        raise InputError(
            f"the Hessian of {name} cannot be inverted with damping {damping:g}: its inputs hardly "
            "differ from token to token. Calibrate on more sequences, or take a larger damping "
            "(0.1)"
        )
    return upper.to(hessian.dtype)
