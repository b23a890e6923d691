"""BART's layers with norms in one pass: as the class answers, or by it where it differs."""

import copy
import pickle

import pytest
import torch
from torch import nn
from transformers import BartForConditionalGeneration
from transformers.models.bart import modeling_bart

from labkit.execution import bart_layers, residual_norm
from labkit.execution.bart_layers import WRITTEN_AFTER, digest, leave, use
from labkit.execution.residual_norm import sum_and_norm
from labkit.execution.sparse_layers import dense_linear, sparse_linear
from tests.execution.test_attention import batch_of, model_of, states


@pytest.fixture
def calls(monkeypatch):
    """One entry for each sum and norm in one pass."""
    seen, real = [], sum_and_norm
    monkeypatch.setattr(residual_norm, "sum_and_norm", lambda *a: seen.append(1) or real(*a))
    return seen


@pytest.mark.parametrize("name", WRITTEN_AFTER)
def test_the_pinned_transformers_has_the_code_that_this_was_written_after(name):
    assert digest(getattr(modeling_bart, name).forward) in WRITTEN_AFTER[name]


def test_a_model_answers_the_same_and_turns_back(calls):
    model = model_of("bart")
    expected = states(model, batch_of())
    sparse_linear(model, calibrate=False)
    found = states(model, batch_of())
    assert len(calls) == 2 * 2 + 2 * 3
    torch.testing.assert_close(found, expected, atol=2e-5, rtol=1e-5)
    assert torch.equal(states(copy.deepcopy(model), batch_of()), found)
    assert torch.equal(states(pickle.loads(pickle.dumps(model)), batch_of()), found)
    dense_linear(model)
    calls.clear()
    torch.testing.assert_close(states(model, batch_of()), expected, atol=2e-5, rtol=1e-5)
    assert not calls


def test_text_is_written_token_after_token_as_before(calls):
    base = model_of("bart")
    model = BartForConditionalGeneration(base.config).eval()
    given = torch.tensor([[0, 7, 8, 9, 2], [0, 5, 2, 1, 1]])
    how = {"attention_mask": (given != 1).long(), "max_new_tokens": 12, "num_beams": 2}
    with torch.no_grad():
        expected = model.generate(given, **how)
        use(model)
        assert torch.equal(model.generate(given, **how), expected)
    assert calls


def test_a_copy_computes_with_its_own_weights():
    model = model_of("bart")
    assert use(model) == 4
    other = copy.deepcopy(model)
    with torch.no_grad():
        other.decoder.layers[1].final_layer_norm.weight.mul_(2)
    fused = states(other, batch_of())
    leave(other)
    torch.testing.assert_close(fused, states(other, batch_of()), atol=2e-5, rtol=1e-5)
    assert not torch.allclose(fused, states(model, batch_of()), atol=1e-2)


def test_gradients_hooks_and_training_go_by_torch(calls):
    model = model_of("bart")
    use(model)
    model(**batch_of())[0].sum().backward()
    assert model.encoder.layers[0].final_layer_norm.weight.grad is not None
    assert not calls
    seen = []
    norm = model.decoder.layers[0].encoder_attn_layer_norm
    norm.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    states(model, batch_of())
    assert len(seen) == 1
    assert len(calls) == 4 + 3
    calls.clear()
    states(model.train(), batch_of())
    assert not calls


def test_half_precision_and_other_norms_go_by_the_class(calls):
    model = model_of("bart")
    model.encoder.layers[0].final_layer_norm = nn.RMSNorm(32)
    expected = states(model, batch_of())
    use(model)
    torch.testing.assert_close(states(model, batch_of()), expected, atol=2e-5, rtol=1e-5)
    assert len(calls) == 2 + 6
    calls.clear()
    model.half()
    assert states(model, batch_of()).dtype == torch.float16
    assert not calls


@pytest.mark.parametrize("name", WRITTEN_AFTER)
def test_a_class_whose_code_is_another_is_left_alone(name, monkeypatch):
    kind = getattr(modeling_bart, name)
    real = kind.forward

    def forward(self, hidden_states, *args, **kwargs):
        return real(self, 2 * hidden_states, *args, **kwargs)

    forward.__module__ = kind.__module__
    monkeypatch.setattr(kind, "forward", forward)
    model = model_of("bart")
    expected = states(model, batch_of())
    assert use(model) == 2
    torch.testing.assert_close(states(model, batch_of()), expected, atol=2e-5, rtol=1e-5)
    assert bart_layers.digest(forward) not in WRITTEN_AFTER[name]
