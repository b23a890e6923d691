"""References of the lab `criteria` against oracles of another kind: least squares, autograd."""

from random import Random

import pytest
import torch

from labkit.checks.criteria import hessian, obs, sparsegpt, spd


@pytest.mark.parametrize("seed", range(3))
def test_what_a_column_leaves_is_made_up_for_by_least_squares(seed):
    draws = spd.Draws(Random(seed))
    h, weight = draws.hessian(6), draws.weights(3, 6)
    factor = torch.linalg.cholesky(torch.linalg.inv(h), upper=True)
    found = sparsegpt.right(weight.float(), factor, 0.5, 6)
    # Column by column: with all columns up to this one as they became, those behind it are the
    # minimum of the error (new - old) H (new - old) over what is still free.
    a = torch.linalg.cholesky(h).t()
    for row, old in zip(found.double(), weight, strict=True):
        last = int((row == 0).nonzero()[-1])
        free = torch.arange(6) > last
        target = a @ old - a[:, ~free] @ row[~free]
        best = torch.linalg.lstsq(a[:, free], target[:, None]).solution[:, 0]
        assert torch.allclose(row[free], best, atol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_the_step_by_least_squares_is_that_of_the_formula(seed):
    draws = spd.Draws(Random(seed))
    h, row = draws.hessian(7), draws.weights(7)
    kept = torch.ones(7, dtype=torch.bool)
    for _ in range(6):
        new, left = obs.right(row, h, kept)
        other, also = obs.formula()(row, h, kept)
        assert torch.equal(left, also) and torch.allclose(new, other, atol=1e-5)
        row, kept = new.double(), left


def test_the_hessian_is_the_second_derivative_of_the_mean_squared_error():
    x = torch.randn(2, 5, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    mask = torch.tensor([[1, 1, 1, 1, 0], [0, 0, 1, 1, 1]])
    real, row = x[mask.bool()], torch.randn(3, dtype=torch.float64)

    def error(new):
        return ((real @ (new - row)) ** 2).mean()

    wanted = torch.autograd.functional.hessian(error, row.clone())
    assert torch.allclose(hessian._right([(x, mask)], 3).double(), wanted, rtol=1e-5)
