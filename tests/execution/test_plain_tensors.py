"""What a sparse layer cannot read, follow or trust is refused in words, not answered wrongly."""

import copy
import threading

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.autograd import forward_ad
from torch.fx.experimental.proxy_tensor import make_fx
from torch.nn.attention import SDPBackend, sdpa_kernel

from labkit.errors import InputError
from labkit.execution import attention, residual_norm
from labkit.execution.sparse_layer import SparseLinear
from labkit.execution.sparse_layers import dense_linear


def layer_of(density=0.2, seed=0):
    torch.manual_seed(seed)
    dense = nn.Linear(24, 40).eval().requires_grad_(False)
    dense.weight *= torch.rand(40, 24) < density
    return SparseLinear(dense).eval()


def exact(layer, x):
    return (x.double() @ layer.to_dense().weight.double().T + layer.bias.double()).float()


X = torch.randn(70, 24, generator=torch.Generator().manual_seed(1))


def faked(layer):
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        return layer(mode.from_tensor(X))


def in_fake_mode(layer):
    with FakeTensorMode(allow_non_fake_inputs=True):
        return layer(X)


def forward_derivative(layer):
    with forward_ad.dual_level():
        return layer(forward_ad.make_dual(X, torch.ones_like(X)))


def of_weights(layer):
    values = layer.values.clone().requires_grad_()
    return torch.func.functional_call(layer, {"values": values}, X)


UNREADABLE = {
    "make_fx": lambda layer: make_fx(layer)(X),
    "make_fx before dispatch": lambda layer: make_fx(layer, pre_dispatch=True)(X),
    "a fake tensor": faked,
    "FakeTensorMode": in_fake_mode,
    "functionalize": lambda layer: torch.func.functionalize(layer)(X),
    "vmap": lambda layer: torch.func.vmap(layer)(X.view(2, 35, 24)),
    "a masked tensor": lambda layer: layer(torch.masked.masked_tensor(X, X > 0)),
    "export": lambda layer: torch.export.export(layer, (X,), strict=False),
    "jvp": lambda layer: torch.func.jvp(layer, (X,), (X,)),
    "a dual number": forward_derivative,
    "gradients of weights": of_weights,
}


@pytest.mark.filterwarnings("ignore")  # torch's, on prototypes and on addresses of such tensors
@pytest.mark.parametrize("use", UNREADABLE.values(), ids=UNREADABLE)
def test_what_would_be_wrong_without_a_word_is_refused(use):
    with pytest.raises(InputError, match="dense_linear"):
        use(layer_of())


def test_gradients_of_the_second_of_two_layers_are_refused():
    first, second = layer_of(), SparseLinear(nn.Linear(40, 24).requires_grad_(False)).eval()
    first.then = (second,)
    second.bias.requires_grad_()
    with pytest.raises(InputError, match="cannot be trained"):
        first(X)
    with torch.no_grad():
        first(X)


CHANGES = {
    "values as float64": ("values", torch.Tensor.double, r"weights of torch\.float64"),
    "values as float16": ("values", torch.Tensor.half, r"weights of torch\.float16"),
    "columns as int64": ("columns", torch.Tensor.long, "not int32"),
    "offsets as int64": ("offsets", torch.Tensor.long, "not int32"),
    "too few values": ("values", lambda t: t[:5].clone(), "shapes that do not fit 40 × 24"),
    "columns outside": ("columns", lambda t: t + 24, "point outside 24 inputs"),
    "a bias as float64": ("bias", torch.Tensor.double, r"weights of torch\.float64"),
    "a short bias": ("bias", lambda t: t[:5].clone(), "a bias of .5,. for 40 outputs"),
}


@pytest.mark.parametrize("how", ["data", "buffer"])
@pytest.mark.parametrize(("name", "change", "message"), CHANGES.values(), ids=CHANGES)
def test_weights_that_are_no_longer_such_rows_are_refused(name, change, message, how):
    layer = layer_of()
    expected = layer(X)
    good = getattr(layer, name)
    if how == "data":
        kept, good.data = good.data, change(good)
    else:
        setattr(layer, name, change(good))
    with pytest.raises(InputError, match=message):
        layer(X)
    if how == "data":
        good.data = kept
    else:
        setattr(layer, name, good)
    assert torch.equal(layer(X), expected)


def test_weights_that_were_never_filled_are_refused():
    layer = layer_of()
    layer.to("meta").to_empty(device="cpu")
    layer.offsets.fill_(3)
    with pytest.raises(InputError, match="do not count the kept weights"):
        layer(X)
    layer.load_state_dict(layer_of().state_dict())
    assert torch.equal(layer(X), layer_of()(X))


def test_numbers_that_are_stored_with_the_other_sign_are_read_right():
    layer = layer_of()
    x = torch._neg_view(X)  # as the imaginary part of a conjugate is
    torch.testing.assert_close(layer(x), exact(layer, -X))
    layer.bias = torch._neg_view(layer.bias)
    layer.values = torch._neg_view(layer.values)
    torch.testing.assert_close(layer(X), exact(layer, X))


def test_whoever_computes_while_weights_are_loaded_gets_the_old_or_the_new():
    """Rows of one load and columns of another would be read outside of their memory."""
    layer, states = layer_of(), [layer_of(d, seed).state_dict() for d, seed in ((0.9, 1), (0.1, 2))]
    for state in states:
        state["bias"] = layer.bias.clone()
    right = []
    for state in states:
        layer.load_state_dict(state)
        right.append(layer(X))
    done, wrong = threading.Event(), []

    def work():
        while not done.is_set():
            found = layer(X)
            if not any(torch.equal(found, one) for one in right):
                wrong.append(found)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for turn in range(100):
        layer.load_state_dict(states[turn % 2], assign=turn % 3 == 0)
    done.set()
    for worker in workers:
        worker.join()
    assert not wrong


def test_memory_of_an_older_load_is_not_written_to():
    layer = layer_of()
    old = layer.offsets
    before = old.clone()
    layer.load_state_dict(layer_of(0.5, 3).state_dict())
    assert torch.equal(old, before), "another thread may multiply by it now"


def test_attention_and_norms_leave_derivatives_to_torch():
    query = torch.randn(1, 2, 5, 8)
    norm, module = nn.LayerNorm(8).requires_grad_(False), nn.Module()
    with forward_ad.dual_level(), sdpa_kernel(SDPBackend.MATH):
        dual = forward_ad.make_dual(query, torch.ones_like(query))
        found, _ = attention._of_model(module, dual, dual, dual, None, is_causal=False)
        assert forward_ad.unpack_dual(found).tangent is not None
        assert not residual_norm._fits(norm, dual, query)
    assert residual_norm._fits(norm, query, query)


def test_a_sparse_layer_by_itself_is_refused_and_not_changed():
    layer = layer_of()
    layer.activation = "gelu"
    other = copy.deepcopy(layer)
    with pytest.raises(InputError, match=r"layer\.to_dense"):
        dense_linear(layer)
    assert torch.equal(layer(X), other(X))
