"""A sparse model that is changed or listened to, before or after, answers as its dense one."""

import copy
import types

import pytest
import torch
from torch import nn

from labkit.errors import InputError
from labkit.execution.sparse_layer import SparseLinear
from labkit.execution.sparse_layers import dense_linear, sparse_linear
from tests.execution.test_attention import batch_of, model_of, states
from tests.execution.test_run_as_one import FIRST, counted

ACTIVATION = {
    "bert": "intermediate.intermediate_act_fn",
    "roberta": "intermediate.intermediate_act_fn",
    "gpt2": "act",
    "bart": "activation_fn",
}
KINDS = pytest.mark.parametrize("kind", FIRST)
WHEN = pytest.mark.parametrize("before", [True, False])


def agree(kind, change, before):
    """Compare a model and its sparse form, one change made to both; then turn it back."""
    dense = model_of(kind)
    with torch.no_grad():  # as initialised, activations are too small for what is done to them
        for parameter in dense.parameters():
            parameter.mul_(4)
    sparse = copy.deepcopy(dense)
    change(dense)
    if before:
        change(sparse)
    sparse_linear(sparse, calibrate=False)
    if not before:
        change(sparse)
    inputs = {"input_ids": batch_of()["input_ids"]}
    expected = states(dense, inputs)
    for model in (sparse, copy.deepcopy(sparse)):
        torch.testing.assert_close(states(model, inputs), expected, atol=1e-4, rtol=1e-4)
    dense_linear(sparse)
    if before:
        torch.testing.assert_close(states(sparse, inputs), expected, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(expected, states(model_of(kind), inputs), atol=1e-3)


def parts(kind):
    path, *layers = FIRST[kind]
    return [f"{path}.{part}" for part in (*layers, ACTIVATION[kind])]


def louder(_, args, result):
    return 1.5 * result + 0.5


def shift(_, args):
    args[0].mul_(1.5).add_(0.5)  # in place: whoever reads it later gets it too


@WHEN
@KINDS
def test_a_hook_may_change_what_comes_out(kind, before, monkeypatch):
    counted(monkeypatch)
    for path in parts(kind):
        agree(kind, lambda m, p=path: m.get_submodule(p).register_forward_hook(louder), before)


@WHEN
@KINDS
def test_a_hook_may_change_what_goes_in(kind, before, monkeypatch):
    counted(monkeypatch)
    keys = {"bart": ["self_attn.k_proj"], "gpt2": []}.get(kind, ["attention.self.key"])
    for path in parts(kind) + [f"{FIRST[kind][0]}.{key}" for key in keys]:
        agree(kind, lambda m, p=path: m.get_submodule(p).register_forward_pre_hook(shift), before)


@WHEN
@KINDS
def test_an_activation_may_be_another_one(kind, before, monkeypatch):
    counted(monkeypatch)
    path = parts(kind)[2]
    agree(kind, lambda m: m.set_submodule(path, nn.Hardtanh(-0.1, 0.1).eval()), before)


class Tripled(nn.LayerNorm):
    def forward(self, x):
        return 3 * super().forward(x)


class NoDropout(nn.Dropout):
    def forward(self, x):
        return 3 * x


@WHEN
@pytest.mark.parametrize("part", ["LayerNorm", "dropout", "rms"])
def test_what_belongs_to_a_sum_and_norm_may_be_another_one(part, before):
    new = {"LayerNorm": Tripled(32), "dropout": NoDropout(), "rms": nn.RMSNorm(32)}[part].eval()
    path = "encoder.layer.1.output." + part.replace("rms", "LayerNorm")
    agree("bert", lambda m: m.set_submodule(path, copy.deepcopy(new)), before)


def ablated(self, x):
    between = self.act(self.c_fc(x))
    between[..., :20] = 0
    return self.c_proj(between)


def shifted(self, x):
    return self.intermediate_act_fn(self.dense(x) + 1)


def doubled(self, x, residual):
    return self.LayerNorm(2 * self.dense(x) + residual)


@WHEN
@pytest.mark.parametrize(
    ("kind", "path", "forward"),
    [
        ("gpt2", "h.0.mlp", ablated),
        ("bert", "encoder.layer.0.intermediate", shifted),
        ("bert", "encoder.layer.0.output", doubled),
    ],
)
def test_a_module_may_have_a_forward_of_its_own(kind, path, forward, before, monkeypatch):
    counted(monkeypatch)

    def change(model):
        module = model.get_submodule(path)
        module.forward = types.MethodType(forward, module)

    if before:  # a bound method is copied with its module
        return agree(kind, change, before)
    dense, sparse = model_of(kind), model_of(kind)
    sparse_linear(sparse, calibrate=False)
    change(dense)
    change(sparse)
    inputs = {"input_ids": batch_of()["input_ids"]}
    expected = states(dense, inputs)
    torch.testing.assert_close(states(sparse, inputs), expected, atol=2e-5, rtol=1e-5)
    return None


@KINDS
def test_a_layer_or_activation_may_have_one_too(kind, monkeypatch):
    counted(monkeypatch)
    for path in parts(kind):

        def change(model, path=path):
            module = model.get_submodule(path)
            module.forward = types.MethodType(lambda m, x: 2 * type(m).forward(m, x), module)

        agree(kind, change, before=True)


@KINDS
def test_hooks_of_all_modules_see_each_call(kind, monkeypatch):
    counted(monkeypatch)
    model, seen = model_of(kind), []
    handle = nn.modules.module.register_module_forward_hook(
        lambda module, args, y: seen.append(y.shape) if torch.is_tensor(y) else None
    )
    try:
        expected = states(model, batch_of())
        shapes = seen[:]
        sparse_linear(model, calibrate=False)
        seen.clear()
        found = states(model, batch_of())
    finally:
        handle.remove()
    seen_ = batch_of()["attention_mask"].bool()
    torch.testing.assert_close(found[seen_], expected[seen_], atol=2e-5, rtol=1e-5)
    assert seen == shapes


@KINDS
def test_a_hook_may_call_the_layers_itself(kind, monkeypatch):
    model, seen = model_of(kind), []
    path, first, _ = FIRST[kind]
    module = model.get_submodule(path)
    x = torch.randn(1, 40, 32)
    module.register_forward_hook(lambda m, *_: seen.append(m.get_submodule(first)(x).shape[-1]))
    sparse_linear(model, calibrate=False)
    counted(monkeypatch)
    states(model, batch_of())
    assert seen == [module.get_submodule(first).out_features]


@KINDS
def test_a_hook_within_may_call_the_layers_itself(kind, monkeypatch):
    model, seen = model_of(kind), []
    path, first, _ = FIRST[kind]
    module = model.get_submodule(path)
    within = {"gpt2": "dropout", "bart": "self_attn"}.get(kind, "attention")
    layer_path, x = f"{path}.{first}", torch.randn(1, 40, 32)

    def call(*_):
        seen.append(model.get_submodule(layer_path)(x).shape[-1])

    sparse_linear(model, calibrate=False)
    module.register_forward_pre_hook(call)
    module.get_submodule(within).register_forward_pre_hook(call)
    counted(monkeypatch)
    states(model, batch_of())
    assert seen == [module.get_submodule(first).out_features] * 2


def interrupt(*_):
    raise KeyboardInterrupt


def test_what_was_interrupted_is_not_taken_for_what_comes_after():
    model = model_of("bert")
    sparse_linear(model, calibrate=False)
    part, x = model.encoder.layer[0].attention.self, torch.randn(1, 40, 32)
    with torch.inference_mode():
        expected = part(2 * x)[0]
        part.key.register_forward_pre_hook(interrupt).remove()  # leaves an empty dict
        part.query.forward, query = lambda x: (query(x), interrupt()), part.query.forward
        with pytest.raises(KeyboardInterrupt):
            part(x)
        del part.query.forward
        x.mul_(2)  # the very same tensor, with other numbers
        assert torch.equal(part(x)[0], expected)


def test_an_interrupt_does_not_stay_for_ever(monkeypatch):
    model = model_of("gpt2")
    sparse_linear(model, calibrate=False)
    counted(monkeypatch)
    expected = states(model, batch_of())
    mlp = model.h[0].mlp
    mlp.dropout.forward = interrupt
    with pytest.raises(KeyboardInterrupt):
        states(model, batch_of())
    del mlp.dropout.forward
    with torch.inference_mode():  # before any other pass
        assert mlp.c_fc(torch.randn(1, 40, 32)).shape[-1] == 128
    assert torch.equal(states(model, batch_of()), expected)
    with torch.inference_mode():
        assert mlp.c_fc(torch.randn(1, 40, 32)).shape[-1] == 128


@KINDS
def test_other_numbers_in_one_of_the_layers_are_refused(kind, monkeypatch):
    counted(monkeypatch)
    path, first, second = FIRST[kind]
    third = {"bart": "self_attn.v_proj", "gpt2": "c_proj"}.get(kind, "attention.self.value")
    for layer in (first, second, third):
        model = model_of(kind)
        sparse_linear(model, calibrate=False)
        module = model.get_submodule(f"{path}.{layer}")
        module.double()
        with pytest.raises(InputError, match=r"weights of torch\.float64"):
            states(model, batch_of())
        module.float()
        module.bias = module.bias.double()
        with pytest.raises(InputError, match=r"weights of torch\.float64"):
            states(model, batch_of())


def test_weights_with_gaps_between_are_read_as_they_are():
    layer = nn.Linear(16, 8).eval().requires_grad_(False)
    layer.weight[:, ::2] = 0
    sparse, x = SparseLinear(layer).eval(), torch.randn(3, 16)
    state = {k: torch.stack((v, v + 1), 1)[:, 0] for k, v in sparse.state_dict().items()}
    sparse.load_state_dict(state, assign=True)
    torch.testing.assert_close(sparse(x), layer(x))


@KINDS
def test_torchs_defaults_do_not_matter(kind):
    model = model_of(kind)
    dense = copy.deepcopy(model)
    inputs = batch_of()
    sparse_linear(model, calibrate=False)
    expected = states(model, inputs)
    for dtype in (torch.float64, torch.bfloat16):
        torch.set_default_dtype(dtype)
        try:
            # bfloat16 would make scratch memory half as long as it has to be.
            found = states(model, {k: v.clone() for k, v in inputs.items()})
            back = copy.deepcopy(model)
            dense_linear(back)
        finally:
            torch.set_default_dtype(torch.float32)
        assert torch.equal(found, expected)
        for ours, theirs in zip(back.parameters(), dense.parameters(), strict=True):
            assert ours.dtype == theirs.dtype
            assert torch.equal(ours, theirs)


@KINDS
def test_hooks_that_came_later_outlive_the_sparse_layers(kind):
    for path in parts(kind):
        model, seen = model_of(kind), []
        sparse_linear(model, calibrate=False)
        part = model.get_submodule(path)
        handle = part.register_forward_hook(lambda *_, seen=seen: seen.append(1), always_call=True)
        part.register_forward_pre_hook(lambda *_, seen=seen: seen.append(2), with_kwargs=True)
        dense_linear(model)
        states(model, batch_of())
        assert seen == [2, 1]
        handle.remove()
        states(model, batch_of())
        assert seen == [2, 1, 2]


def test_a_layer_that_came_to_stand_in_two_places_is_dense_in_both():
    model = model_of("bert")
    sparse_linear(model, calibrate=False)
    first, second = model.encoder.layer
    second.output.dense = first.output.dense
    assert dense_linear(model) == 11
    assert type(first.output.dense) is nn.Linear
    assert second.output.dense is first.output.dense


def test_models_within_a_model_are_turned_back_with_it():
    whole = nn.ModuleList([model_of("bert"), model_of("gpt2")])
    for model in whole:
        sparse_linear(model, calibrate=False)
    dense_linear(whole)
    assert {model.config._attn_implementation for model in whole} == {"sdpa"}
