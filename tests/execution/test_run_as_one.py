"""Layers that run as one return to the last bit what each would, and only where it is due."""

import copy
import threading

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.errors import InputError
from labkit.execution import feed_forward, kernels, run_as_one, work_ahead
from labkit.execution.own_code import Done
from labkit.execution.sparse_layers import dense_linear, sparse_linear
from tests.execution.test_attention import batch_of, model_of, states

FIRST = {
    "bert": ("encoder.layer.0", "intermediate.dense", "output.dense"),
    "roberta": ("encoder.layer.0", "intermediate.dense", "output.dense"),
    "gpt2": ("h.0.mlp", "c_fc", "c_proj"),
    "bart": ("encoder.layers.0", "fc1", "fc2"),
}


def matrix(outputs, inputs, density, seed):
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(outputs, inputs, generator=generator)
    return kernels.kept(weight * (torch.rand(outputs, inputs, generator=generator) < density))


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_two_layers_at_once_are_the_two_one_after_the_other(data):
    draw = data.draw
    inputs, middle, outputs = (draw(st.integers(1, 150)) for _ in range(3))
    tokens = draw(st.integers(2, 150))  # a single one has a path with sums in another order
    density, seed = draw(st.sampled_from([0, 0.05, 0.3])), draw(st.integers(0, 99))
    first, second = (
        matrix(middle, inputs, density, seed),
        matrix(outputs, middle, density, seed + 1),
    )
    biases = torch.randn(middle), draw(st.sampled_from([None, torch.randn(outputs)]))
    x = torch.randn(tokens, inputs)
    activation = draw(st.sampled_from(["", "gelu", "gelu_tanh"]))
    torch.set_num_threads(draw(st.integers(1, 3)))
    length = draw(st.sampled_from(feed_forward.LENGTHS[False]))
    between = kernels.kernel_product(x, first, biases[0], activation)
    found = feed_forward.product(x, first, second, biases, activation, length)
    assert torch.equal(found, kernels.kernel_product(between, second, biases[1]))


@pytest.mark.parametrize("length", feed_forward.LENGTHS[True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_in_bfloat16_too(monkeypatch, length, dtype):
    monkeypatch.setattr(kernels, "_panel_length", lambda *_: length)
    x, first, second = (
        torch.randn(150, 70).to(dtype),
        matrix(90, 70, 0.2, 0),
        matrix(33, 90, 0.2, 1),
    )
    biases = torch.randn(90), torch.randn(33)
    how = {"narrow": True, "dtype": torch.bfloat16}
    between = kernels.kernel_product(x, first, biases[0], "gelu", **how)
    expected = kernels.kernel_product(between, second, biases[1], **how)
    found = feed_forward.product(x, first, second, biases, "gelu", length, **how)
    assert torch.equal(found, expected)


def test_several_matrices_at_once_are_each_by_itself():
    x = torch.randn(77, 40)
    matrices = [(matrix(n, 40, 0.3, n), torch.randn(n)) for n in (50, 17, 130)]
    for threads in (1, 2, 3):
        torch.set_num_threads(threads)
        for one, y in zip(matrices, kernels.kernel_products(x, matrices), strict=True):
            assert torch.equal(y, kernels.kernel_product(x, *one))


def test_a_panel_has_to_fit_the_cache_and_keep_all_threads_busy():
    length = feed_forward.panel_length
    assert length(1024, 3840, False, 2) in (32, 64)
    assert length(1024, 3840, True, 2) in (64, 128)
    assert length(32, 3840, False, 2) == 0  # one panel for two threads
    assert length(32, 3840, False, 1) == 32
    assert length(8, 3840, False, 1) == 0  # most of a panel would be empty
    assert length(1024, 1 << 20, False, 2) == 0
    assert length(64 * 3, 64, False, 2) == 32  # 3 panels for two threads, or 6


def counted(monkeypatch):
    calls = []
    real = feed_forward.product
    monkeypatch.setattr(feed_forward, "product", lambda *a, **k: calls.append(1) or real(*a, **k))
    monkeypatch.setattr(feed_forward, "panel_length", lambda *_: 32)
    return calls


@pytest.fixture(params=FIRST)
def sparse(request):
    """A model, its input, and the first module that has a feed-forward, with both layers."""
    model = model_of(request.param)
    expected = states(model, batch_of())
    sparse_linear(model, calibrate=False)
    path, *layers = FIRST[request.param]
    module = model.get_submodule(path)
    return model, expected, module, *(module.get_submodule(layer) for layer in layers)


def test_a_model_answers_as_its_dense_one(sparse, monkeypatch):
    model, expected, *_ = sparse
    calls = counted(monkeypatch)
    seen = batch_of()["attention_mask"].bool()
    found = states(model, batch_of())
    assert calls
    torch.testing.assert_close(found[seen], expected[seen], atol=2e-5, rtol=1e-5)
    assert torch.equal(states(copy.deepcopy(model), batch_of()), found)


def test_a_layer_that_is_called_alone_returns_its_own(sparse, monkeypatch):
    model, _, _, first, second = sparse
    calls = counted(monkeypatch)
    states(model, batch_of())
    made, x = len(calls), torch.randn(2, 20, first.in_features)
    with torch.inference_mode():
        between = first(x)
        assert between.shape == (2, 20, first.out_features)
        assert second(between).shape == (2, 20, second.out_features)
    assert len(calls) == made


def test_a_hook_sees_what_its_layer_computes(sparse, monkeypatch):
    model, _, module, first, second = sparse
    plain, calls, seen = states(model, batch_of()), counted(monkeypatch), []
    for path in run_as_one.CALLED[type(module).__name__]:
        part = module.get_submodule(path)
        handle = part.register_forward_pre_hook(lambda _, args: seen.append(args[0].shape[-1]))
        calls.clear()
        # The activation is torch's where a hook listens in front of it.
        torch.testing.assert_close(states(model, batch_of()), plain, atol=1e-5, rtol=1e-5)
        whole, layers = len(calls), sum(m.then != () for m in model.modules() if hasattr(m, "then"))
        assert whole == layers - 1, "the other feed-forwards still run as one"
        handle.remove()
    assert set(seen) == {first.in_features, second.in_features}


def test_after_an_error_nothing_is_left_open(sparse, monkeypatch):
    model, _, _, first, _ = sparse
    plain = states(model, batch_of())
    handle = first.register_forward_hook(lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        states(model, batch_of())
    handle.remove()
    assert not work_ahead.inside(first)
    assert torch.equal(states(model, batch_of()), plain)


def test_threads_do_not_take_each_others_results(sparse):
    model, *_ = sparse
    batches = [batch_of(2, length) for length in (20, 33, 40, 37)]
    expected = [states(model, one) for one in batches]
    wrong = []

    def work(one, answer):
        for _ in range(10):
            if not torch.equal(states(model, one), answer):
                wrong.append(one)

    pairs = zip(batches, expected, strict=True)
    workers = [threading.Thread(target=work, args=pair) for pair in pairs]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


def test_a_dense_model_has_no_hook_left(sparse):
    model, *_ = sparse
    dense_linear(model)
    for module in model.modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
        assert not module._forward_hooks_always_called
        assert not module._forward_pre_hooks_with_kwargs


def test_ones_own_hooks_outlive_both_ways():
    model = model_of("bert")
    seen = []
    model.encoder.layer[0].register_forward_hook(lambda *_: seen.append(1))
    sparse_linear(model, calibrate=False)
    dense_linear(model)
    states(model, batch_of())
    assert seen == [1]


def test_a_result_that_goes_astray_is_refused(monkeypatch):
    model = model_of("gpt2")
    sparse_linear(model, calibrate=False)
    counted(monkeypatch)
    monkeypatch.setattr(Done, "forward", lambda _, x: x + 0)  # no longer the very same tensor
    with pytest.raises(InputError, match="activations end in 32 inputs, not 128"):
        states(model, {"input_ids": batch_of()["input_ids"]})


def test_keys_of_another_model_are_not_taken_from_the_queries_input():
    model = model_of("bart")
    ids, others = batch_of(2, 20)["input_ids"], batch_of(2, 35)["input_ids"].flip(0)
    given_ = {"input_ids": ids, "decoder_input_ids": others}
    expected = states(model, given_)
    sparse_linear(model, calibrate=False)
    torch.testing.assert_close(states(model, given_), expected, atol=2e-5, rtol=1e-5)
    attention = model.decoder.layers[0].encoder_attn
    with torch.inference_mode():
        x = torch.randn(2, 5, 32)
        attention(x, key_value_states=torch.randn(2, 7, 32))
        assert attention.k_proj(x).shape == (2, 5, 32)
