"""A sum and its norm in one pass: what torch computes in float64, and when a model gets it."""

import copy
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from labkit.execution import residual_norm
from labkit.execution.residual_norm import leave, sum_and_norm, use
from labkit.execution.sparse_layers import dense_linear, sparse_linear
from tests.execution.test_attention import batch_of, model_of, states


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 60), st.integers(1, 90), st.integers(0, 99), st.sampled_from([1e-5, 1e-12]))
def test_every_shape_is_what_torch_computes_in_float64(tokens, width, seed, epsilon):
    rng = np.random.default_rng(seed)
    x, residual, weight, bias = (
        torch.from_numpy(rng.standard_normal(shape)).float()
        for shape in ((2, tokens, width), (2, tokens, width), width, width)
    )
    residual[0, 0] += 100  # an offset that the mean takes away
    norm = nn.LayerNorm(width, eps=epsilon).requires_grad_(False)
    norm.weight.copy_(weight)
    norm.bias.copy_(bias)
    torch.set_num_threads(seed % 3 + 1)
    found, exact = sum_and_norm(x, residual, norm), norm.double()((x + residual).double())
    near = {"atol": 2e-4, "rtol": 1e-4} if width > 8 else {"atol": 5e-2, "rtol": 1e-2}
    torch.testing.assert_close(found.double(), exact, **near)


def test_what_is_no_number_stays_with_its_token():
    x = torch.randn(5, 16)
    x[2, 3] = torch.nan
    found = sum_and_norm(x, torch.randn(5, 16), nn.LayerNorm(16))
    assert found[2].isnan().all()
    assert found[[0, 1, 3, 4]].isfinite().all()
    assert sum_and_norm(x[:0], x[:0], nn.LayerNorm(16)).shape == (0, 16)


@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_a_model_answers_the_same_and_turns_back(kind, monkeypatch):
    model, calls = model_of(kind), []
    real = sum_and_norm
    monkeypatch.setattr(residual_norm, "sum_and_norm", lambda *a: calls.append(1) or real(*a))
    expected = states(model, batch_of())
    sparse_linear(model, calibrate=False)
    found = states(model, batch_of())
    assert len(calls) == 4
    torch.testing.assert_close(found, expected, atol=2e-5, rtol=1e-5)
    assert torch.equal(states(copy.deepcopy(model), batch_of()), found)
    assert torch.equal(states(pickle.loads(pickle.dumps(model)), batch_of()), found)
    dense_linear(model)
    calls.clear()
    assert torch.allclose(states(model, batch_of()), expected, atol=2e-5)
    assert not calls


def test_a_copy_computes_with_its_own_weights():
    model = model_of("bert")
    use(model)
    other = copy.deepcopy(model)
    with torch.no_grad():
        other.encoder.layer[1].output.LayerNorm.weight.mul_(2)
    leave(copy.deepcopy(other))
    fused = states(other, batch_of())
    leave(other)
    torch.testing.assert_close(fused, states(other, batch_of()), atol=2e-5, rtol=1e-5)
    assert not torch.allclose(fused, states(model, batch_of()), atol=1e-2)


def test_gradients_hooks_and_training_go_by_torch(monkeypatch):
    model, calls = model_of("bert"), []
    use(model)
    real = sum_and_norm
    monkeypatch.setattr(residual_norm, "sum_and_norm", lambda *a: calls.append(1) or real(*a))
    model(**batch_of())[0].sum().backward()
    assert model.encoder.layer[0].output.LayerNorm.weight.grad is not None
    assert not calls
    seen = []
    norm = model.encoder.layer[0].output.LayerNorm
    norm.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    states(model, batch_of())
    assert len(seen) == 1
    assert len(calls) == 3
    calls.clear()
    states(model.train(), batch_of())
    assert not calls
