"""Wanda and magnitude layer by layer, against plain loops; and what is refused."""

import pytest
import torch
from pruning.calibrated import oracle
from torch.nn.utils import prune as torch_prune

from labkit.errors import InputError
from labkit.models.prunable import prunable_layers
from labkit.pruning import prune_layerwise, prune_nm, prune_sparsegpt, prune_wanda
from labkit.pruning.masks import layerwise_masks


def weights(model):
    return {layer.name: layer.weight.detach().clone() for layer in prunable_layers(model)}


@pytest.mark.parametrize("family", ["gpt2", "roberta", "bart", "llama"])
def test_rows_lose_the_lowest_products_of_weight_and_input(build, padded, family):
    head = {"bart": "Seq2SeqLM", "roberta": "MaskedLM"}.get(family, "CausalLM")
    model, plain = build(family, head), build(family, head)
    pruning = prune_wanda(model, padded, 0.4, keep_masks=True)
    oracle.by_block(plain, padded, lambda weight, x: oracle.wanda(weight, x, 0.4))
    expected = weights(plain)
    for name, weight in weights(model).items():
        assert torch.equal(weight, expected[name]), name
        assert torch.equal(pruning.masks[name], expected[name] != 0)
    assert pruning.left_out == () and pruning.method == "wanda"
    zeros = sum(int((weight == 0).sum()) for weight in expected.values())
    assert pruning.zeros == zeros and pruning.tokens == int(padded["attention_mask"].sum())


def test_a_whole_layer_loses_its_lowest_scores(build, padded):
    model = build("gpt2")
    before, names = weights(model), [layer.name for layer in prunable_layers(model)][:1]
    x = oracle.inputs_of(model, names, padded)[names[0]]
    scores = before[names[0]].abs() * x.norm(dim=0)[:, None]  # Conv1D: (inputs, outputs)
    prune_wanda(model, padded, {names[0]: 0.3}, per="layer")
    kept = layerwise_masks({"": scores}, 0.3)[""]
    after = weights(model)
    assert torch.equal(after[names[0]], before[names[0]] * kept)
    for name in list(before)[1:]:
        assert torch.equal(after[name], before[name])


@pytest.mark.parametrize("prune", [prune_wanda, prune_sparsegpt])
@pytest.mark.parametrize("pattern", [(2, 4), (4, 8), (1, 4)])
def test_patterns_hold_in_every_group_of_inputs(build, padded, prune, pattern):
    model = build("gpt2")
    n, m = pattern
    pruning = prune(model, padded, pattern=pattern)
    assert pruning.method.endswith(f" {n}:{m}") and pruning.requested == 1 - n / m
    for layer in prunable_layers(model):
        matrix = layer.weight.T if layer.transposed else layer.weight
        assert ((matrix.reshape(-1, m) != 0).sum(dim=1) == n).all()
    assert pruning.sparsity == 1 - n / m


def test_inputs_of_one_size_make_wanda_magnitude_by_row(build, padded):
    ones, plain = build("llama"), build("llama")
    with torch.no_grad():
        for model in (ones, plain):  # norms of 1, and every token the same: each input alike
            model.model.embed_tokens.weight.fill_(1)
    name = "model.layers.0.self_attn.q_proj.weight"
    prune_wanda(ones, padded, {name: 0.5})
    prune_layerwise(plain, {name: 0.5}, per="row")
    assert torch.equal(weights(ones)[name], weights(plain)[name])


def test_magnitude_by_layer_is_what_the_house_has_for_it(build):
    for pattern, peer in ((None, layerwise_masks), ((2, 4), None)):
        model, plain = build("gpt2"), build("gpt2")
        pruning = prune_layerwise(model, None if pattern else 0.3, pattern=pattern)
        if peer:
            masks = peer(weights(plain), 0.3)
            expected = {name: w * masks[name] for name, w in weights(plain).items()}
        else:
            prune_nm(plain)
            expected = weights(plain)
        for name, weight in weights(model).items():
            assert torch.equal(weight, expected[name])
        zeros = sum(int((weight == 0).sum()) for weight in expected.values())
        assert pruning.zeros == zeros


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("prune", [prune_wanda, prune_sparsegpt])
def test_half_precision_is_computed_in_float32_and_said(build, padded, prune, dtype):
    model = build("llama", dtype=dtype)
    pruning = prune(model, padded, 0.5)
    kind = str(dtype).removeprefix("torch.")
    assert pruning.notes == (
        f"weights are {kind}: scores are computed in float32, what is written is rounded to {kind}",
    )
    for layer in prunable_layers(model):
        assert layer.weight.dtype == dtype and layer.weight.isfinite().all()
    assert pruning.sparsity == 0.5


@pytest.mark.parametrize("prune", [prune_wanda, prune_sparsegpt])
def test_an_error_puts_all_weights_back_and_names_the_layer(build, padded, prune):
    model = build("gpt2")
    with torch.no_grad():
        model.transformer.h[1].ln_1.bias[3] = float("inf")
    before = weights(model)
    with pytest.raises(InputError, match=r"inputs of transformer\.h\.1\.attn\.c_attn.*NaN or inf"):
        prune(model, padded, 0.5)
    for name, weight in weights(model).items():
        assert torch.equal(weight, before[name])


def test_what_is_no_goal_is_refused_before_anything_is_changed(build, padded):
    model = build("gpt2")
    before = weights(model)
    name = next(iter(before))
    cases = [
        (1.2, {}, "sparsity is 1.2"),
        ({name: 50}, {}, "sparsity is 50"),
        ({"nowhere": 0.5}, {}, "'nowhere', which is no prunable layer"),
        ({}, {}, "name no layer"),
        (None, {}, "neither a sparsity nor a pattern"),
        (0.3, {"pattern": (2, 4)}, "2:4 has a sparsity of 0.5, and 0.3 is asked for"),
        (None, {"pattern": (2, 5)}, rf"{name}: 32 inputs do not divide into groups of 5"),
        (None, {"pattern": 2}, "2 is no pattern"),
        (None, {"pattern": (5, 4)}, "5:4 is no pattern"),
    ]
    for sparsity, options, words in cases:
        for prune in (prune_wanda, prune_sparsegpt):
            with pytest.raises(InputError, match=words):
                prune(model, padded, sparsity, **options)
        with pytest.raises(InputError, match=words):
            prune_layerwise(model, sparsity, **options)
    with pytest.raises(InputError, match="per is 'column'"):
        prune_wanda(model, padded, 0.5, per="column")
    torch_prune.identity(model.transformer.h[1].mlp.c_fc, "weight")
    for prune in (prune_wanda, prune_sparsegpt):
        with pytest.raises(InputError, match=r"prune\.remove"):
            prune(model, padded, 0.5)
    torch_prune.remove(model.transformer.h[1].mlp.c_fc, "weight")
    with torch.no_grad():
        model.transformer.h[1].mlp.c_fc.weight[0, 0] = float("nan")
        before = weights(model)
    with pytest.raises(InputError, match=r"h\.1\.mlp\.c_fc\.weight: holds NaN"):
        prune_wanda(model, padded, 0.5)
    for key, weight in weights(model).items():
        assert torch.equal(weight.nan_to_num(9), before[key].nan_to_num(9))


def test_progress_is_told_layer_by_layer(build, padded):
    told = []
    prune_wanda(build("gpt2"), padded, 0.5, report=lambda *x: told.append(x))
    assert told == [(i, 8) for i in range(1, 9)]
