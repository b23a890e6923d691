"""GELU within sparse layers: its values, where it goes, and the way back."""

import copy

import pytest
import torch
from torch import nn

from labkit import prune_global
from labkit.execution import kernels
from labkit.execution.activations import Done, OnePassGELU, fuse, unfuse
from labkit.execution.sparse_layer import SparseLinear
from labkit.execution.sparse_layers import dense_linear, sparse_linear

APPROXIMATE = {"gelu": "none", "gelu_tanh": "tanh"}
FUSED = {"gpt2": "gelu_tanh", "roberta": "gelu", "bert": "gelu", "bart": "gelu"}


def kinds(model):
    """The activations of a model, by the names of their types."""
    names = {type(module).__name__ for module in model.modules()}
    return names & {"GELUActivation", "NewGELUActivation", "OnePassGELU", "Done"}


@pytest.mark.parametrize("product", [kernels.kernel_product, kernels.csr_product])
@pytest.mark.parametrize("activation", sorted(APPROXIMATE))
def test_values_are_those_of_float64(product, activation):
    x = torch.cat([torch.linspace(-12, 12, 24_000), torch.tensor([1e30, -1e30, 3e38, -3e38] * 4)])
    x = x.view(-1, 16)
    expected = nn.functional.gelu(x.double(), approximate=APPROXIMATE[activation]).float()
    y = product(x, kernels.kept(torch.eye(16)), None, activation)
    if product is kernels.csr_product:  # torch's own overflows there
        y, expected = y[:-1], expected[:-1]
    torch.testing.assert_close(y, expected, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("activation", sorted(APPROXIMATE))
def test_what_is_no_number_stays_none(activation):
    x = torch.full((3, 16), float("nan"))
    assert kernels.kernel_product(x, kernels.kept(torch.eye(16)), None, activation).isnan().all()


@pytest.mark.parametrize(("family", "activation"), FUSED.items())
def test_the_activation_goes_into_sparse_layers_and_back(tiny, family, activation):
    model = tiny(family)
    before = kinds(model)
    sparse_linear(model, calibrate=False)
    assert kinds(model) == before  # nothing is pruned yet
    prune_global(model, 0.9)
    sparse_linear(model, calibrate=False)
    assert kinds(model) == {"Done"}
    layers = [m for m in model.modules() if isinstance(m, SparseLinear) and m.activation]
    assert {layer.activation for layer in layers} == {activation}
    assert f"activation={activation}" in repr(layers[0])
    again = copy.deepcopy(model)
    dense_linear(again)
    assert kinds(again) == before
    dense_linear(model)
    assert kinds(model) == before


def test_a_model_whose_layers_do_without_the_kernel_answers_the_same(tiny):
    model = tiny("roberta")
    prune_global(model, 0.9)
    batch = {"input_ids": torch.arange(3, 37).view(2, 17)}
    with torch.no_grad():
        expected = model(**batch).logits
        sparse_linear(model, calibrate=False)
        for module in model.modules():
            if isinstance(module, SparseLinear):
                module.method = "csr"
        torch.testing.assert_close(model(**batch).logits, expected, atol=1e-5, rtol=0)


def test_an_activation_that_someone_listens_to_stays_where_it_is(tiny):
    model = tiny("gpt2")
    prune_global(model, 0.9)
    listened, other = (block.mlp for block in model.transformer.h[:2])
    listened.act.register_forward_pre_hook(lambda module, args: None)
    sparse_linear(model, calibrate=False)
    assert not listened.c_fc.activation
    assert isinstance(other.act, Done)


def test_what_is_no_known_feed_forward_keeps_its_activation(tiny):
    model = tiny("gpt2")
    prune_global(model, 0.9)
    sparse_linear(model, calibrate=False)
    unfuse(model)
    model.transformer.h[0].mlp.c_fc.method = "csr"
    assert fuse(model) == len(model.transformer.h) - 1
    assert isinstance(model.transformer.h[0].mlp.act, OnePassGELU)
