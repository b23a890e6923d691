"""Compiled attention: what torch computes in float64, and when a model gets it."""

import copy
import pickle
import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import scaled_dot_product_attention
from transformers import AutoConfig, AutoModel

from labkit import prune_global
from labkit.execution import attention as module
from labkit.execution.attention import attention, leave, use
from labkit.execution.sparse_layers import dense_linear, sparse_linear

SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
SIZES |= {"intermediate_size": 48, "vocab_size": 90, "max_position_embeddings": 80}
BART = {"d_model": 32, "vocab_size": 90, "max_position_embeddings": 80}
BART |= {f"{side}_{what}": n for side in ("encoder", "decoder") for what, n in
         (("layers", 2), ("attention_heads", 4), ("ffn_dim", 48))}  # fmt: skip
CONFIGS = {
    "bert": SIZES,
    "roberta": SIZES | {"pad_token_id": 1},
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 4, "vocab_size": 90, "n_positions": 80},
    "bart": BART,
}


@pytest.fixture(autouse=True)
def long(monkeypatch):
    """Models get compiled attention here on every processor: it computes the same, only slower."""
    monkeypatch.setattr(module, "long_vectors", lambda: True)


def heads(shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def exact(query, key, value, mask=None, causal=False, scale=None):
    shared = query.shape[1] // key.shape[1]
    key, value = (t.repeat_interleave(shared, 1).double() for t in (key, value))
    mask = mask.double() if mask is not None and mask.dtype == torch.float32 else mask
    found = scaled_dot_product_attention(
        query.double(), key, value, attn_mask=mask, is_causal=causal, scale=scale
    )
    return found.transpose(1, 2).float()


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_every_shape_is_what_torch_computes_in_float64(data):
    draw = data.draw
    batch, shared, groups = (draw(st.integers(1, 3)) for _ in range(3))
    queries, keys, width = (
        draw(st.integers(1, 70)),
        draw(st.integers(1, 70)),
        draw(st.integers(1, 40)),
    )
    seed, many = draw(st.integers(0, 99)), shared * groups
    # As a model has them: parts of one tensor, token after token.
    query = heads((batch, queries, many, 3 * width), seed)[..., :width].transpose(1, 2)
    key, value = (
        heads((batch, keys, groups, width + 5), seed + n)[..., 5:].transpose(1, 2) for n in (1, 2)
    )
    kind = draw(st.sampled_from(["none", "causal", "bool", "float"]))
    shape = draw(st.sampled_from([1, batch])), draw(st.sampled_from([1, many])), queries, keys
    mask = {"bool": heads(shape, seed) > -1, "float": 3 * heads(shape, seed)}.get(kind)
    if kind == "bool":
        mask[..., 0] = True
    scale = draw(st.sampled_from([None, 0.3]))
    torch.set_num_threads(draw(st.integers(1, 3)))
    given_ = {"mask": mask, "causal": kind == "causal", "scale": scale}
    found = attention(query, key, value, **given_)
    assert found.is_contiguous()
    torch.testing.assert_close(found, exact(query, key, value, **given_), atol=1e-5, rtol=1e-5)


def test_more_keys_than_a_cache_holds():
    query, key, value = (heads((1, 2, 3000, 16), n) for n in range(3))
    torch.testing.assert_close(
        attention(query, key, value, causal=True),
        exact(query, key, value, causal=True),
        atol=1e-5,
        rtol=1e-5,
    )


def test_scores_beyond_what_exp_can_take_choose_the_largest():
    query = torch.full((1, 1, 40, 4), 1e3)
    key = torch.tensor([1.0, -1.0, 0.5])[:, None].expand(1, 1, 3, 4)
    value = heads((1, 1, 3, 4))
    assert torch.equal(attention(query, key, value), value[:, :, :1].expand(1, 40, 1, 4))


def test_a_query_that_sees_no_key_gets_zeros_and_the_others_are_as_without_it():
    query, key, value = (heads((1, 1, 5, 8), n) for n in range(3))
    mask = torch.ones(1, 1, 5, 5, dtype=torch.bool)
    mask[..., 2, :] = False
    found = attention(query, key, value, mask)
    plain = attention(query, key, value)
    assert found[:, 2].eq(0).all()
    others = [0, 1, 3, 4]
    torch.testing.assert_close(found[:, others], plain[:, others])


def test_what_is_no_number_stays_with_its_query():
    query, key, value = (heads((1, 1, 6, 8), n) for n in range(3))
    query[0, 0, 3, 1] = torch.nan
    found = attention(query, key, value)
    assert found[:, 3].isnan().all()
    assert found[:, [0, 1, 2, 4, 5]].isfinite().all()


def test_nothing_in_nothing_out():
    query = heads((2, 3, 4, 8))
    assert attention(query[:0], query[:0], query[:0]).shape == (0, 4, 3, 8)
    assert attention(query, query[:, :, :0], query[:, :, :0]).eq(0).all()


def model_of(kind, implementation="sdpa", seed=0):
    torch.manual_seed(seed)
    config = AutoConfig.for_model(kind, **CONFIGS[kind])
    model = AutoModel.from_config(config, attn_implementation=implementation).eval()
    prune_global(model, 0.9)
    return model


def batch_of(rows=3, length=40):
    ids = torch.randint(3, 90, (rows, length), generator=torch.Generator().manual_seed(1))
    mask = torch.ones_like(ids)
    mask[0, 25:] = 0
    ids[0, 25:] = 1
    return {"input_ids": ids, "attention_mask": mask}


def states(model, inputs, **more):
    with torch.inference_mode():
        return model(**inputs, **more)[0]


@pytest.mark.parametrize("kind", CONFIGS)
def test_a_sparse_model_answers_as_its_dense_one(kind, monkeypatch):
    model, calls = model_of(kind), []
    monkeypatch.setattr(module, "attention", lambda *a, **k: calls.append(1) or attention(*a, **k))
    inputs = batch_of()
    seen = inputs["attention_mask"].bool()
    for given_ in (inputs, {"input_ids": inputs["input_ids"]}):
        expected = states(model, given_)
        sparse_linear(model, calibrate=False)
        assert model.config._attn_implementation == module.NAME
        before = len(calls)
        found = states(model, given_)
        assert len(calls) > before
        torch.testing.assert_close(found[seen], expected[seen], atol=2e-5, rtol=1e-5)
        dense_linear(model)
        assert model.config._attn_implementation == "sdpa"
        torch.testing.assert_close(states(model, given_), expected, atol=2e-5, rtol=1e-5)


def test_a_decoder_with_a_cache_goes_on_as_without_one():
    model = model_of("gpt2")
    sparse_linear(model, calibrate=False)
    ids = batch_of()["input_ids"]
    whole = states(model, {"input_ids": ids})
    with torch.inference_mode():
        begun = model(ids[:, :30], use_cache=True)
        rest = model(ids[:, 30:35], past_key_values=begun.past_key_values, use_cache=True)
        one = model(ids[:, 35:36], past_key_values=rest.past_key_values)[0]
    torch.testing.assert_close(rest[0], whole[:, 30:35], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(one, whole[:, 35:36], atol=1e-5, rtol=1e-5)


def test_a_model_with_another_attention_or_of_another_family_keeps_it():
    eager = model_of("bert", "eager")
    sparse_linear(eager, calibrate=False)
    assert eager.config._attn_implementation == "eager"
    weights = eager(**batch_of(), output_attentions=True).attentions
    assert weights[0].shape == (3, 4, 40, 40)
    electra = AutoModel.from_config(AutoConfig.for_model("electra", **SIZES, embedding_size=32))
    assert not use(electra)
    assert electra.config._attn_implementation == "sdpa"
    assert not use(eager.encoder.layer[0]), "which has no config"


def test_gradients_and_dropout_go_by_torch():
    model = model_of("bert")
    assert use(model)
    inputs = batch_of()
    model.train()
    torch.manual_seed(0)
    loss = model(**inputs)[0].square().sum()
    loss.backward()
    gradient = model.encoder.layer[0].attention.self.query.weight.grad.clone()
    leave(model)
    model.zero_grad()
    torch.manual_seed(0)
    model(**inputs)[0].square().sum().backward()
    assert torch.equal(model.encoder.layer[0].attention.self.query.weight.grad, gradient)


def test_a_sparse_model_can_be_copied_and_pickled_into_another_process(tmp_path):
    model = model_of("roberta")
    sparse_linear(model, calibrate=False)
    inputs = batch_of()
    expected = states(model, inputs)
    assert torch.equal(states(copy.deepcopy(model), inputs), expected)
    (tmp_path / "model").write_bytes(pickle.dumps((model, inputs, expected)))
    code = f"""if 1:
        import pickle, torch
        model, inputs, expected = pickle.load(open({str(tmp_path / "model")!r}, "rb"))
        with torch.inference_mode():
            torch.testing.assert_close(model(**inputs)[0], expected)
    """
    subprocess.run([sys.executable, "-c", code], check=True)
    # A network of labkit's layers alone brings no transformers with it.
    layer = model.encoder.layer[0].output.dense
    assert pickle.loads(pickle.dumps(layer)).values.equal(layer.values)


def test_without_the_kernel_or_long_vectors_torch_computes(monkeypatch):
    model = model_of("bert")
    monkeypatch.setattr(module, "long_vectors", lambda: False)
    assert not use(model)
    monkeypatch.setattr(module, "long_vectors", lambda: True)
    monkeypatch.setattr(module.machine_code, "problem", lambda _: "no numba")
    assert not use(model)
    assert model.config._attn_implementation == "sdpa"


def test_a_model_that_came_where_nothing_compiles_answers_all_the_same(monkeypatch):
    model = model_of("bert")
    expected = states(model, batch_of())
    sparse_linear(model, calibrate=False)
    monkeypatch.setattr(module.machine_code, "problem", lambda _: "no numba")
    monkeypatch.setattr(module.machine_code, "run", None)
    torch.testing.assert_close(states(model, batch_of()), expected, atol=2e-5, rtol=1e-5)


def test_a_bias_of_positions_is_added_by_torch():
    tensors = [heads((2, 3, 6, 8), n) for n in range(3)]
    bias = heads((1, 3, 6, 6), 3)
    found, _ = module._of_model(torch.nn.Identity(), *tensors, None, position_bias=bias)
    causal = torch.ones(6, 6, dtype=torch.bool).tril()
    expected = exact(*tensors, bias.masked_fill(~causal, -torch.inf))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
