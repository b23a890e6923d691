"""SparseGPT against optimal brain surgeon by least squares, weight by weight."""

import pytest
import torch
from pruning.calibrated import oracle

from labkit.errors import InputError
from labkit.models.prunable import prunable_layers
from labkit.pruning import prune_sparsegpt
from labkit.pruning.calibrated.goals import lowest
from labkit.pruning.calibrated.hessian import inverse_factor
from labkit.pruning.calibrated.sparsegpt import sparsegpt_layer
from labkit.pruning.calibrated.wanda import wanda_scores


def drawn(rows=5, columns=16, tokens=40, seed=0):
    """A matrix and correlated inputs, in float64."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    return normal(rows, columns), normal(tokens, columns) @ normal(columns, columns)


@pytest.mark.parametrize(("block", "sparsity"), [(128, 0.5), (4, 0.5), (5, 0.3), (1, 0.7)])
def test_what_goes_is_made_up_for_as_least_squares_does(block, sparsity):
    weight, x = drawn()
    found, kept = sparsegpt_layer(weight, x.T @ x, sparsity, block=block)
    expected, mask = oracle.surgeon(weight, x, sparsity, block=block)
    assert torch.equal(kept, mask)
    torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-10)
    assert int((~kept).sum()) == round(sparsity * weight.numel())


@pytest.mark.parametrize(("pattern", "block"), [((2, 4), 128), ((4, 8), 8), ((1, 4), 6)])
def test_patterns_are_chosen_when_their_turn_comes(pattern, block):
    weight, x = drawn(seed=1)
    found, kept = sparsegpt_layer(weight, x.T @ x, 0.5, pattern=pattern, block=block)
    expected, mask = oracle.surgeon(weight, x, 0.5, pattern=pattern, block=pattern[1])
    assert torch.equal(kept, mask)
    torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-10)


def test_the_factor_holds_the_inverses_of_what_is_left():
    _, x = drawn()
    hessian = x.T @ x
    factor = inverse_factor(hessian, 0.05)
    damped = hessian + 0.05 * hessian.diagonal().mean() * torch.eye(16, dtype=torch.float64)
    torch.testing.assert_close(factor.T @ factor, torch.linalg.inv(damped))
    for i in range(16):
        rest = torch.linalg.inv(damped[i:, i:])
        torch.testing.assert_close(factor[i, i:] / factor[i, i], rest[0] / rest[0, 0])


@pytest.mark.parametrize("family", ["gpt2", "roberta", "bart"])
def test_a_model_is_pruned_block_by_block(build, padded, family):
    head = {"bart": "Seq2SeqLM", "roberta": "MaskedLM"}.get(family, "CausalLM")
    model, plain = build(family, head), build(family, head)
    prune_sparsegpt(model, padded, 0.5, damping=0.1)

    def solve(weight, x):
        return sparsegpt_layer(weight, x.T @ x, 0.5, damping=0.1)[0]

    oracle.by_block(plain, padded, solve)
    for one, other in zip(prunable_layers(model), prunable_layers(plain), strict=True):
        assert torch.equal(one.weight == 0, other.weight == 0), one.name
        torch.testing.assert_close(one.weight, other.weight, rtol=1e-6, atol=1e-9)
    others = {x.name: x.weight for x in prunable_layers(plain)}
    for (name, value), dense in zip(
        model.named_parameters(), build(family, head).parameters(), strict=True
    ):
        assert name in others or torch.equal(value, dense), name  # biases, norms, embeddings stay


def test_outputs_suffer_less_than_by_wanda_and_by_magnitude():
    weight, x = drawn(rows=32, columns=32, tokens=200)
    weight, x = weight * torch.linspace(0.2, 2, 32), x * torch.linspace(2, 0.2, 32)

    def error(other):
        return float(((other - weight) @ x.T).norm())

    wanda = weight * lowest(wanda_scores(weight, x.norm(dim=0)), 0.5, "row", None)
    magnitude = weight * lowest(weight.abs(), 0.5, "layer", None)
    best, _ = sparsegpt_layer(weight, x.T @ x, 0.5)
    assert error(best) < 0.9 * error(wanda) and error(wanda) < 0.9 * error(magnitude)


def test_weights_of_inputs_that_never_came_go_first_and_touch_no_other():
    weight, x = drawn()
    x[:, [2, 7]] = 0
    found, kept = sparsegpt_layer(weight, x.T @ x, 2 / 16)
    assert not kept[:, [2, 7]].any() and kept.sum() == 5 * 14
    others = [i for i in range(16) if i not in (2, 7)]
    assert torch.equal(found[:, others], weight[:, others])
    none, _ = sparsegpt_layer(weight, torch.zeros(16, 16, dtype=torch.float64), 0.5)
    assert int((none == 0).sum()) == 40


def test_nothing_goes_at_0_and_all_at_1():
    weight, x = drawn()
    found, kept = sparsegpt_layer(weight, x.T @ x, 0.0)
    assert kept.all() and torch.equal(found, weight)
    found, kept = sparsegpt_layer(weight, x.T @ x, 1.0)
    assert not kept.any() and not found.any()


def test_settings_that_make_no_sense_are_refused(build, padded):
    model = build("gpt2")
    for damping in (0, -1, float("nan"), "much"):
        with pytest.raises(InputError, match="damping is"):
            prune_sparsegpt(model, padded, 0.5, damping=damping)
    for block in (0, 2.5):
        with pytest.raises(InputError, match="block is"):
            prune_sparsegpt(model, padded, 0.5, block=block)
    flat = torch.ones(16, 16, dtype=torch.float64)
    with pytest.raises(InputError, match=r"Hessian of a\.weight cannot be inverted .* 1e-20"):
        inverse_factor(flat, 1e-20, "a.weight")
