"""Sparse layers in real models: same logits, way back, saved state, and what they refuse."""

import copy
import json
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from transformers.pytorch_utils import Conv1D

from labkit import load_model, measure_size, prunable_layers, prune_global, save_sparse, sparsity_of
from labkit.errors import InputError
from labkit.execution import calibration, sparse_or_dense
from labkit.execution.sparse_layer import SparseLinear
from labkit.execution.sparse_layers import dense_linear, sparse_linear

FAMILIES = ("roberta", "bert", "distilbert", "gpt2", "opt", "pythia", "bart", "t5")


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path))
    return tmp_path


def pruned_linear(inputs=24, outputs=40, sparsity=0.9, bias=True, seed=0):
    torch.manual_seed(seed)
    layer = nn.Linear(inputs, outputs, bias=bias)
    with torch.no_grad():
        layer.weight.mul_(torch.rand_like(layer.weight) >= sparsity)
    return layer


def batch(tokens=17, end=2):
    ids = torch.randint(3, 300, (3, tokens), generator=torch.Generator().manual_seed(0))
    ids[:, -1] = end
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}


@pytest.mark.parametrize("family", FAMILIES)
def test_logits_are_those_of_the_pruned_model_and_the_way_back_is_exact(tiny, family):
    model = tiny(family)
    model.config.pad_token_id = 0  # that of Pythia is not set
    inputs = batch(end=model.config.eos_token_id or 2)
    prune_global(model, 0.9)
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with torch.no_grad():
        expected = model(**inputs).logits
    choices = sparse_linear(model, calibrate=False)
    assert len(choices) == len(prunable_layers(tiny(family)))
    replaced = [choice for choice in choices if choice.method != "dense"]
    assert len(replaced) > len(choices) / 2
    assert all(choice.sparsity >= sparse_or_dense.FALLBACK_BREAK_EVEN for choice in replaced)
    torch.testing.assert_close(model(**inputs).logits, expected, atol=1e-5, rtol=0)
    assert dense_linear(model) == len(replaced)
    after = model.state_dict()
    assert after.keys() == state.keys()
    assert all(torch.equal(after[name], state[name]) for name in state)
    with torch.no_grad():
        assert torch.equal(model(**inputs).logits, expected)


@pytest.mark.parametrize("shape", [(24,), (1, 24), (0, 24), (2, 0, 24), (2, 3, 24), (2, 3, 4, 24)])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("method", ["kernel", "csr"])
def test_leading_dimensions_and_token_counts(shape, bias, method):
    layer = pruned_linear(bias=bias)
    x = torch.randn(shape)
    with torch.no_grad():
        y = SparseLinear(layer, method)(x)
        torch.testing.assert_close(y, layer(x), atol=1e-5, rtol=0)


def test_conv1d_is_stored_the_other_way_round():
    torch.manual_seed(0)
    layer = Conv1D(40, 24)
    nn.init.normal_(layer.bias)
    sparse, x = SparseLinear(layer), torch.randn(2, 9, 24)
    with torch.no_grad():
        torch.testing.assert_close(sparse(x), layer(x), atol=1e-5, rtol=0)
    back = sparse.to_dense()
    assert isinstance(back, Conv1D)
    assert torch.equal(back.weight, layer.weight)
    assert torch.equal(back.bias, layer.bias)


def test_the_weight_is_torchs_csr_tensor():
    layer = pruned_linear()
    weight = SparseLinear(layer).weight
    assert weight.layout == torch.sparse_csr
    assert torch.equal(weight.to_dense(), layer.weight)


def test_copies_and_pickles_compute_the_same(tiny):
    model = tiny("gpt2")
    prune_global(model, 0.9)
    sparse_linear(model, calibrate=False)
    expected = model(**batch()).logits
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert torch.equal(other(**batch()).logits, expected)


def test_a_state_dict_moves_to_a_model_that_kept_other_weights(tiny, tmp_path):
    models = [tiny("roberta", seed) for seed in (0, 1)]
    random = torch.Generator().manual_seed(0)
    for model in models:
        for layer in prunable_layers(model):
            with torch.no_grad():
                layer.weight.mul_(torch.rand(layer.weight.shape, generator=random) > 0.9)
        assert all(choice.method == "kernel" for choice in sparse_linear(model, calibrate=False))
    one, two = models
    torch.save(one.state_dict(), tmp_path / "state.pt")
    two.load_state_dict(torch.load(tmp_path / "state.pt"))
    assert torch.equal(one(**batch()).logits, two(**batch()).logits)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("columns", lambda t: t + 24, "point outside 24 inputs"),
        ("columns", lambda t: t - 24, "point outside 24 inputs"),
        ("columns", lambda t: t.long(), "not int32"),
        ("offsets", lambda t: t + 1, "do not count"),
        ("offsets", lambda t: t.flip(0), "do not count"),
        ("offsets", lambda t: t[:-1], "shapes that do not fit 40 × 24"),
        ("values", lambda t: t[:-1], "shapes that do not fit 40 × 24"),
    ],
)
def test_a_state_dict_that_would_read_outside_is_refused(name, change, message):
    layer = SparseLinear(pruned_linear())
    state = layer.state_dict()
    before = {key: tensor.clone() for key, tensor in state.items()}
    with pytest.raises(RuntimeError, match=message):
        layer.load_state_dict({**state, name: change(state[name])})
    assert all(torch.equal(tensor, before[key]) for key, tensor in layer.state_dict().items())


def test_a_dense_state_dict_is_refused():
    with pytest.raises(RuntimeError, match="Missing key"):
        SparseLinear(pruned_linear()).load_state_dict(pruned_linear().state_dict())


def test_training_is_refused():
    sparse = SparseLinear(pruned_linear()).eval()
    x = torch.randn(2, 24)
    with pytest.raises(InputError, match=r"cannot be trained.*dense_linear"):
        sparse(x.requires_grad_())
    with torch.no_grad():
        sparse(x)
    with pytest.raises(InputError, match="cannot be trained"):
        sparse.train()(x.detach())


def test_a_sparse_model_in_training_mode_is_refused_until_it_is_dense(tiny):
    model = tiny("bert")
    prune_global(model, 0.9)
    sparse_linear(model, calibrate=False)
    with pytest.raises(InputError, match="cannot be trained"):
        model.train()(**batch())
    dense_linear(model)
    model.requires_grad_(True)
    loss = model(**batch(), labels=torch.tensor([0, 1, 0])).loss
    loss.backward()
    assert all(layer.weight.grad is not None for layer in prunable_layers(model))


def test_other_dtypes_devices_and_widths_are_refused():
    layer = SparseLinear(pruned_linear()).eval()
    with torch.no_grad():
        with pytest.raises(InputError, match=r"activations of torch\.float16 on cpu"):
            layer(torch.randn(2, 24).half())
        with pytest.raises(InputError, match=r"activations of torch\.float32 on meta"):
            layer(torch.randn(2, 24, device="meta"))
        with pytest.raises(InputError, match="end in 23 inputs, not 24"):
            layer(torch.randn(2, 23))
        with pytest.raises(InputError, match=r"weights of torch\.float64"):
            copy.deepcopy(layer).double()(torch.randn(2, 24))
    with pytest.raises(InputError, match=r"weights of torch\.bfloat16"):
        SparseLinear(pruned_linear().bfloat16())


def test_a_model_that_cannot_be_run_sparse_stays_as_it_was(tiny):
    model = tiny("roberta").half()
    prune_global(model, 0.9)
    with pytest.raises(InputError, match=r"float16.*model\.float"):
        sparse_linear(model, calibrate=False)
    assert not any(isinstance(module, SparseLinear) for module in model.modules())
    assert all(parameter.requires_grad for parameter in model.parameters())
    with pytest.raises(InputError, match="tokens=0"):
        sparse_linear(model, tokens=0)


def test_layers_are_chosen_by_the_measured_times(home):
    model = load_model("roberta").model
    prune_global(model, 0.9)
    choices = sparse_linear(model, tokens=40)
    shapes = {(choice.outputs, choice.inputs) for choice in choices}
    content = json.loads((home / "calibration.json").read_text())
    threads = torch.get_num_threads()
    assert set(content["times"]) == {
        f"{outputs}x{inputs} at 64 tokens, {threads} threads" for outputs, inputs in shapes
    }
    for choice in choices:
        if choice.method == "dense":
            assert choice.sparse_ms > calibration.MARGIN * choice.dense_ms
        else:
            assert choice.sparse_ms <= calibration.MARGIN * choice.dense_ms
            assert choice.sparsity >= choice.break_even
    replaced = [module for module in model.modules() if isinstance(module, SparseLinear)]
    assert [m.method for m in replaced] == [c.method for c in choices if c.method != "dense"]


def test_sparse_layers_are_decided_anew(tiny):
    model = tiny("gpt2")
    prune_global(model, 0.9)
    first = sparse_linear(model, calibrate=False)
    assert any(choice.method == "kernel" for choice in first)
    assert sparse_linear(model, tokens=2, calibrate=False) == first


def test_shared_weights_stay_shared(tiny):
    model = tiny("gpt2")
    blocks = model.transformer.h
    blocks[1].attn.c_attn.weight = blocks[0].attn.c_attn.weight  # one weight, two biases
    blocks[2].mlp = blocks[1].mlp  # one module in two places
    prune_global(model, 0.9)
    names = [name for name, _ in model.named_parameters()]
    with torch.no_grad():
        expected = model(**batch()).logits
    choices = {choice.name: choice.method for choice in sparse_linear(model, calibrate=False)}
    assert choices["transformer.h.0.attn.c_attn"] == choices["transformer.h.1.mlp.c_fc"] == "dense"
    assert choices["transformer.h.0.mlp.c_fc"] == "kernel"
    torch.testing.assert_close(model(**batch()).logits, expected, atol=1e-5, rtol=0)
    dense_linear(model)
    assert [name for name, _ in model.named_parameters()] == names


def test_a_model_that_is_sparse_in_part_is_not_taken_for_a_smaller_one(tiny, tmp_path):
    model = tiny("gpt2")
    prune_global(model, 0.5)
    first = prunable_layers(model)[0].name.removesuffix(".weight")
    model.set_submodule(first, SparseLinear(model.get_submodule(first)))
    for ask in (sparsity_of, measure_size, lambda model: prune_global(model, 0.9)):
        with pytest.raises(InputError, match=rf"sparse layers, {first} among.*dense_linear"):
            ask(model)
    with pytest.raises(InputError, match=r"has sparse layers.*dense_linear\(model\), save it"):
        save_sparse(model, tmp_path / "model.sparse")
    assert not (tmp_path / "model.sparse").exists()
    dense_linear(model)
    assert sparsity_of(model)[0] == pytest.approx(0.5, abs=1e-4)


def test_dense_layers_stay_and_nothing_changes(tiny):
    model = tiny("gpt2")
    assert {choice.method for choice in sparse_linear(model, calibrate=False)} == {"dense"}
    assert all(parameter.requires_grad for parameter in model.parameters())


@pytest.fixture
def few_rounds(monkeypatch):
    monkeypatch.setattr(calibration, "SECONDS", 0.0)


def test_times_are_measured_once_and_kept(home, few_rounds):
    first = calibration.times(16, 8, 3)
    assert calibration.times(16, 8, 4) == first
    assert first.dense > 0
    assert set(first.sparse) == {"kernel", "csr"}


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[: len(text) // 2],
        lambda text: "[]",
        lambda text: text.replace('"machine"', '"engine"'),
        lambda text: text.replace('"cores": "', '"cores": "9'),
        lambda text: text.replace('"csr"', '"coo"').replace('"kernel": [', '"kernel": [1,'),
        lambda text: text.replace('"dense": ', '"dense": "fast", "was": '),
    ],
)
def test_a_damaged_or_foreign_file_is_measured_anew(home, few_rounds, damage):
    calibration.times(16, 8, 3)
    path = home / "calibration.json"
    whole = path.read_text()
    path.write_text(damage(whole))
    assert calibration.times(16, 8, 3).dense > 0
    assert json.loads(path.read_text()).keys() == json.loads(whole).keys()


def test_a_home_that_cannot_be_written_is_no_failure(monkeypatch, tmp_path, few_rounds):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path / "file"))
    assert calibration.times(16, 8, 3).dense > 0


def test_expected_times_are_straight_lines_in_the_weights_kept():
    times = calibration.Times(10.0, {"kernel": [20.0, 8.0, 2.0, 1.0]})
    grid = np.linspace(0.5, 1, 201)
    peer = np.interp(grid, [*calibration.SPARSITIES, 1.0], [20.0, 8.0, 2.0, 1.0, 1.0])
    np.testing.assert_allclose([times.expected("kernel", s) for s in grid], peer)
    assert times.expected("kernel", 0.0) == pytest.approx(40.0)
    assert times.break_even("kernel") == pytest.approx(0.75)
    assert np.isnan(calibration.Times(0.5, times.sparse).break_even("kernel"))
    assert calibration.Times(99.0, times.sparse).break_even("kernel") == 0
    both = calibration.Times(10.0, {**times.sparse, "csr": [90.0, 30.0, 5.0, 0.5]})
    assert both.best(0.8) == ("kernel", pytest.approx(8.0))
    assert both.best(0.99)[0] == "csr"


@given(
    dense=st.floats(1e-3, 1e3),
    sparse=st.dictionaries(
        st.sampled_from(["kernel", "csr"]),
        st.lists(st.floats(1e-3, 1e3), min_size=4, max_size=4),
        min_size=1,
    ),
    sparsity=st.floats(0, 1),
)
def test_a_choice_is_never_expected_to_be_slower_than_dense(dense, sparse, sparsity):
    times = calibration.Times(dense, sparse)
    choice = times.choice(sparsity)
    expected = {method: times.expected(method, sparsity) for method in sparse}
    for method, milliseconds in expected.items():  # more zeros never promise more time
        assert milliseconds >= times.expected(method, 1.0) * (1 - 1e-9)
    if choice == "dense":
        assert min(expected.values()) > calibration.MARGIN * dense
    else:
        assert expected[choice] == min(expected.values())
        assert expected[choice] <= calibration.MARGIN * dense


def test_noise_promises_no_gain_to_a_layer_without_zeros():
    noisy = calibration.Times(1.1, {"kernel": [1.0, 1.2, 0.4, 0.3]})
    assert noisy.choice(0.0) == "dense"
    assert noisy.choice(0.95) == "kernel"


def test_the_command_times_both_ways(home):
    from typer.testing import CliRunner

    from labkit.cli import app

    command = ["speed", "gpt2", "--source", "mini", "--sparsity", "95%", "--length", "32"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    assert "Layers at 8 × 32 tokens" in result.output
    assert "128 → 384" in result.output
    assert "times as fast" in result.output
    result = CliRunner().invoke(app, ["speed", "gpt2", "--source", "mini", "--length", "0"])
    assert isinstance(result.exception, InputError)
