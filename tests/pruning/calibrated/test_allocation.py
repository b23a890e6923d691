"""Sparsity per layer: the budget to the weight, and where it goes."""

from types import SimpleNamespace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pruning.calibrated import oracle

from labkit.errors import InputError
from labkit.models.prunable import prunable_layers
from labkit.pruning import (
    allocate,
    allocate_by_magnitude,
    allocate_by_part,
    allocate_uniformly,
    block_outliers,
    part_of,
    prune_global,
    prune_layerwise,
    prune_sparsegpt,
    prune_wanda,
    sensitivities,
)


def layers_of(sizes):
    return [
        SimpleNamespace(name=f"layer {i}", weight=torch.empty(size, device="meta"))
        for i, size in enumerate(sizes)
    ]


sizes = st.lists(st.integers(1, 5000), min_size=1, max_size=8)
levels = st.floats(0, 1) | st.sampled_from((0.0, 0.5, 1.0))


def zeros(layers, allocation):
    """What `prune_layerwise` makes of it, which rounds each layer by itself."""
    return [round(allocation[x.name] * x.weight.numel()) for x in layers]


@given(sizes, levels, st.floats(0, 1), st.data())
@settings(max_examples=60, deadline=None)
def test_the_budget_is_met_to_the_weight(sizes, sparsity, width, data):
    layers = layers_of(sizes)
    numbers = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from((0.0, 1.0))
    importance = {x.name: data.draw(numbers) for x in layers}
    found = allocate(layers, importance, sparsity, width=width)
    assert sum(zeros(layers, found)) == round(sparsity * sum(sizes))
    assert all(0 <= level <= 1 for level in found.values())
    assert sum(zeros(layers, allocate_uniformly(layers, sparsity))) == round(sparsity * sum(sizes))
    for one in layers:  # to a weight: no less important layer is less sparse
        for other in layers:
            if importance[one.name] < importance[other.name]:
                slack = 1 / one.weight.numel() + 1 / other.weight.numel()
                assert found[one.name] >= found[other.name] - slack
    spread = max(found.values()) - min(found.values())
    assert spread <= 2 * width + 2 / min(sizes)


@given(sizes, levels)
@settings(max_examples=50, deadline=None)
def test_uniform_is_uniform_to_a_weight(sizes, sparsity):
    layers = layers_of(sizes)
    for layer, count in zip(
        layers, zeros(layers, allocate_uniformly(layers, sparsity)), strict=True
    ):
        assert abs(count - sparsity * layer.weight.numel()) <= 1


def test_outliers_are_given_their_room_as_the_paper_does():
    """Yin et al. 2024, with layers of one size: 1 - S - mean + D scaled to 2 λ."""
    layers = layers_of([100_000] * 4)
    shares = dict(zip([x.name for x in layers], [0.02, 0.05, 0.03, 0.12], strict=True))
    found = allocate(layers, shares, 0.7, width=0.08)
    scaled = [(x - 0.02) / 0.10 * 0.16 for x in shares.values()]
    kept = [x - sum(scaled) / 4 + 0.3 for x in scaled]
    assert list(found.values()) == pytest.approx([1 - x for x in kept], abs=1e-5)


def test_what_leaves_the_range_is_made_up_for_by_others():
    layers = layers_of([1000, 1000, 1000])
    shares = {"layer 0": 0.0, "layer 1": 1.0, "layer 2": 1.0}
    found = allocate(layers, shares, 0.9, width=0.25)
    assert found == {"layer 0": 1.0, "layer 1": 0.85, "layer 2": 0.85}


def test_the_allocation_of_global_pruning_is_what_it_takes(build):
    model, plain = build("bart", "Seq2SeqLM"), build("bart", "Seq2SeqLM")
    with torch.no_grad():
        for one in (model, plain):
            one.model.encoder.layers[0].fc1.weight.mul_(3)
    found = allocate_by_magnitude(prunable_layers(model), 0.6)
    pruning = prune_global(plain, 0.6)
    assert tuple(found.values()) == tuple(pruning.table().sparsity)
    prune_layerwise(model, found)
    for one, other in zip(prunable_layers(model), prunable_layers(plain), strict=True):
        assert torch.equal(one.weight, other.weight)


def test_criteria_take_an_allocation(build, padded):
    for prune in (prune_wanda, prune_sparsegpt):
        model = build("gpt2")
        layers = prunable_layers(model)
        importance = {x.name: -x.block for x in layers}
        allocation = allocate(layers, importance, 0.5, width=0.2)
        pruning = prune(model, padded, allocation)
        rows = pruning.table()
        rounding = 0.5 / 32 if prune is prune_wanda else 0
        assert rows.sparsity.tolist() == pytest.approx(list(allocation.values()), abs=rounding)
        assert pruning.requested == pytest.approx(0.5)
        assert rows[rows.block == 1].sparsity.min() > 0.6


def test_parts_are_told_apart(build, tiny, padded):
    def parts(model):
        found = {}
        for layer in prunable_layers(model):
            place = found.setdefault(part_of(layer), set())
            place.add(layer.parameter.removesuffix(".weight").rpartition(".")[2])
        return found

    attention = {"q_proj", "k_proj", "v_proj"}
    assert parts(build("gpt2")) == {
        "attention": {"c_attn", "c_proj"},
        "feed-forward": {"c_fc", "c_proj"},
    }
    assert parts(build("bart", "Seq2SeqLM")) == {
        "attention": {*attention, "out_proj"},
        "cross-attention": {*attention, "out_proj"},
        "feed-forward": {"fc1", "fc2"},
    }
    assert parts(build("mixtral")) == {
        "attention": {*attention, "o_proj"},
        "expert": {"gate_up_proj", "down_proj"},
    }
    assert parts(build("t5", "Seq2SeqLM"))["cross-attention"] == set("qkvo")
    for family in ("bert", "roberta", "distilbert", "opt", "pythia", "t5"):
        assert parts(tiny(family)).keys() - {"cross-attention"} == {"attention", "feed-forward"}
    model = build("gpt2")
    wanted = [x for x in prunable_layers(model) if part_of(x) == "attention"]
    rows = prune_wanda(model, padded, allocate_uniformly(wanted, 0.5)).table()
    inside = rows.parameter.isin([x.name for x in wanted])
    assert (rows[inside].sparsity == 0.5).all() and (rows[~inside].zeros == 0).all()


def test_parts_can_have_a_sparsity_each(build, padded):
    for family, other in (("gpt2", "feed-forward"), ("mixtral", "expert")):
        model = build(family)
        layers = prunable_layers(model)
        found = allocate_by_part(layers, {"attention": 0.25, other: 0.75})
        assert list(found) == [layer.name for layer in layers]
        prune_layerwise(model, found)
        for part, level in (("attention", 0.25), (other, 0.75)):
            weights = [layer.weight for layer in layers if part_of(layer) == part]
            zeros = sum(int((weight == 0).sum()) for weight in weights)
            assert zeros == round(level * sum(weight.numel() for weight in weights)), part
        # A part that is not named stays dense, also under a criterion that sees the inputs.
        model = build(family)
        rows = prune_wanda(model, padded, allocate_by_part(prunable_layers(model), {other: 0.5}))
        named = {layer.name for layer in prunable_layers(model) if part_of(layer) == other}
        table = rows.table()
        assert (table[~table.parameter.isin(named)].zeros == 0).all() and rows.zeros > 0
    for levels, message in (
        ({}, "no part is named; the layers have attention, expert"),
        ({"mlp": 0.5}, "'mlp' is no part of a block: choose from attention"),
        ({"feed-forward": 0.5}, "no feed-forward among the layers, only attention, expert"),
        ({"expert": 2}, "2"),
    ):
        with pytest.raises(InputError, match=message):
            allocate_by_part(prunable_layers(model), levels)


def test_the_share_of_outliers_is_counted_block_by_block(build, padded):
    model = build("gpt2")
    names = [x.name for x in prunable_layers(model)]
    with torch.no_grad():
        model.transformer.h[1].mlp.c_fc.weight[:3] *= 40
    before = {name: x.clone() for name, x in model.state_dict().items()}
    found = block_outliers(model, padded, times=4)
    inputs = oracle.inputs_of(model, names, padded)
    for block in (0, 1):
        own = [x for x in prunable_layers(model) if x.block == block]
        scores = torch.cat(
            [(x.weight.abs() * inputs[x.name].norm(dim=0)[:, None]).flatten() for x in own]
        )
        share = float((scores > 4 * scores.mean()).double().mean())
        assert [found[x.name] for x in own] == [pytest.approx(share)] * 4
    assert found[names[-1]] != found[names[0]] and list(found) == names
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
    with pytest.raises(InputError, match="times is 0"):
        block_outliers(model, padded, times=0)


def test_sensitivity_is_what_pruning_one_alone_costs(build):
    model = build("gpt2")
    before = {name: x.clone() for name, x in model.state_dict().items()}
    first = prunable_layers(model)[0].weight.detach()

    def loss():  # that of one matrix of the first block only
        return float((first == 0).sum())

    for by, others in (("block", 3), ("part", 1), ("layer", 0)):
        found = sensitivities(model, loss, 0.25, by=by)
        own = round(0.25 * first.numel())
        assert list(found.values()) == [own] * (1 + others) + [0] * (7 - others)

    def broken():
        if (first == 0).any():
            raise RuntimeError("no loss")
        return 0.0

    with pytest.raises(RuntimeError, match="no loss"):
        sensitivities(model, broken)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
    with pytest.raises(InputError, match="by is 'head'"):
        sensitivities(model, loss, by="head")


def test_what_is_no_budget_is_refused(build):
    layers = layers_of([10, 20])
    ones = dict.fromkeys(("layer 0", "layer 1"), 1.0)
    with pytest.raises(InputError, match=r"sparsity is 1\.5"):
        allocate(layers, ones, 1.5)
    with pytest.raises(InputError, match="width is 2"):
        allocate(layers, ones, 0.5, width=2)
    with pytest.raises(InputError, match="importance of layer 1 is None"):
        allocate(layers, {"layer 0": 1.0}, 0.5)
    with pytest.raises(InputError, match="importance of layer 0 is nan"):
        allocate(layers, ones | {"layer 0": float("nan")}, 0.5)
    with pytest.raises(InputError, match="no layers"):
        allocate_uniformly([], 0.5)
