import copy

import mixtures
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.utils import prune as torch_prune

from labkit import load_model, measure_size, prune_nm, sparse_linear, weight_summary
from labkit.errors import InputError
from labkit.models.prunable import prunable_layers, prunable_parameters
from labkit.pruning import prune, thresholds
from labkit.pruning.masks import global_masks, layerwise_masks, random_masks

DTYPES = (torch.float32, torch.float16, torch.bfloat16, torch.float64)
sparsities = st.floats(0, 1) | st.sampled_from((0, 0.1, 0.5, 0.9, 0.95, 0.99, 1))


@st.composite
def tensor_sets(draw):
    """A few tensors with many ties, signed zeros and odd shapes, all of one dtype."""
    dtype = draw(st.sampled_from(DTYPES))
    values = st.sampled_from((0.0, -0.0, 0.5, -0.5, 1.0, -3.25)) | st.floats(-8, 8, width=16)
    shapes = draw(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 5)), min_size=1, max_size=4))
    tensors = {}
    for number, shape in enumerate(shapes):
        count = shape[0] * shape[1]
        flat = torch.tensor(draw(st.lists(values, min_size=count, max_size=count)), dtype=dtype)
        tensor = flat.reshape(shape)
        tensors[f"t{number}"] = tensor.T if draw(st.booleans()) else tensor
    if not any(t.numel() for t in tensors.values()):
        tensors["one"] = torch.tensor([draw(values)], dtype=dtype)
    return tensors


def flat(tensors):
    return torch.cat([t.reshape(-1) for t in tensors.values()])


def drop_by_sorting(tensors, sparsity):
    """The definition, written down with a stable sort."""
    magnitude = flat(tensors).abs().double()
    keep = torch.ones(len(magnitude), dtype=torch.bool)
    keep[torch.sort(magnitude, stable=True).indices[: round(sparsity * len(magnitude))]] = False
    return keep


@given(tensor_sets(), sparsities)
@settings(max_examples=80, deadline=None)
def test_masks_are_exactly_those_of_a_stable_sort(tensors, sparsity):
    before = {name: t.clone() for name, t in tensors.items()}
    masks = global_masks(tensors, sparsity)
    assert torch.equal(flat(masks), drop_by_sorting(tensors, sparsity))
    for name, tensor in tensors.items():
        assert masks[name].shape == tensor.shape and masks[name].dtype == torch.bool
        assert torch.equal(tensor, before[name])


def by_counting(function, *arguments):
    """What it makes where no tensors are few enough to be sorted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(thresholds, "SMALL", 1)
        return function(*arguments)


def words(function, *arguments):
    with pytest.raises(InputError) as error:
        function(*arguments)
    return str(error.value)


@given(tensor_sets(), sparsities, st.sampled_from((None, float("nan"), float("inf"))), st.data())
@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("function", [global_masks, layerwise_masks, random_masks])
def test_few_weights_are_sorted_and_masked_as_many_are(function, tensors, sparsity, bad, data):
    if bad is not None:
        filled = [name for name in tensors if tensors[name].numel()]
        for name in data.draw(st.sets(st.sampled_from(filled), min_size=1)):
            one = torch.tensor([bad], dtype=tensors[name].dtype)
            tensors[name] = torch.cat([tensors[name].reshape(-1), one])
        found = words(by_counting, function, tensors, sparsity)
        assert words(function, tensors, sparsity) == found
    else:
        masks = by_counting(function, tensors, sparsity)
        few = function(tensors, sparsity)
        assert all(torch.equal(mask, few[name]) for name, mask in masks.items())
        assert few.keys() == masks.keys()


@pytest.mark.parametrize("dtype", DTYPES)
def test_at_the_size_where_counting_begins_masks_are_those_of_a_sort(dtype):
    drawn = torch.randn(thresholds.SMALL, generator=torch.Generator().manual_seed(0)).to(dtype)
    for tensors in ({"a": drawn[:1000], "b": drawn[1000:]}, {"a": drawn[1:]}):
        for level in (0, 0.3, 0.9, 1):
            assert torch.equal(flat(global_masks(tensors, level)), drop_by_sorting(tensors, level))


@given(tensor_sets(), sparsities, sparsities)
@settings(max_examples=40, deadline=None)
def test_masks_are_nested_over_levels(tensors, one, other):
    low, high = sorted((one, other))
    kept_low = flat(global_masks(tensors, low))
    kept_high = flat(global_masks(tensors, high))
    assert not (kept_high & ~kept_low).any()


@pytest.mark.parametrize("family", ["roberta", "gpt2", "bart"])
@pytest.mark.parametrize("sparsity", prune.LEVELS)
def test_masks_equal_torch_global_unstructured(tiny, family, sparsity):
    model = tiny(family)
    for parameter in prunable_parameters(model).values():  # distinct magnitudes: no ties
        parameter.data.normal_(0, 0.1)
    theirs = copy.deepcopy(model)
    targets = [
        (theirs.get_submodule(layer.name.removesuffix(".weight")), "weight")
        for layer in prunable_layers(theirs)
    ]
    torch_prune.global_unstructured(
        targets, pruning_method=torch_prune.L1Unstructured, amount=float(sparsity)
    )
    pruning = prune.prune_global(model, sparsity, keep_masks=True)
    for (module, _), mask in zip(targets, pruning.masks.values(), strict=True):
        assert torch.equal(module.weight_mask.bool(), mask)
    for layer, mask in zip(prunable_layers(model), pruning.masks.values(), strict=True):
        assert not layer.weight[~mask].any()
    assert pruning.zeros == round(sparsity * pruning.total)


def test_achieved_sparsity_is_that_of_the_masks(tiny):
    model = tiny("bart")
    pruning = prune.prune_global(model, 0.9)
    table = pruning.table()
    assert table.zeros.sum() == pruning.zeros
    assert table.weights.sum() == pruning.total
    assert table.sparsity.nunique() > 1, "global pruning spreads the zeros unevenly"
    of_prunable, of_all = prune.sparsity_of(model)
    assert of_prunable == pytest.approx(pruning.sparsity) == pytest.approx(0.9, abs=1e-4)
    assert of_all < of_prunable


def test_layerwise_gives_every_layer_the_same_share(tiny):
    pruning = prune.prune_model(tiny("gpt2"), 0.7, method="layerwise")
    assert all(row.zeros == round(0.7 * row.weights) for row in pruning.table().itertuples())


def test_random_is_exact_seeded_and_blind_to_magnitude(tiny):
    tensors = {"a": torch.linspace(0.1, 1, 4000), "b": torch.linspace(1, 2, 6000)}
    masks = random_masks(tensors, 0.5, seed=1)
    assert (~flat(masks)).sum() == 5000
    assert torch.equal(flat(masks), flat(random_masks(tensors, 0.5, seed=1)))
    assert not torch.equal(flat(masks), flat(random_masks(tensors, 0.5, seed=2)))
    small_dropped = int((~masks["a"]).sum())
    assert 1800 < small_dropped < 2200  # 2000 expected, 5 standard deviations are 173


def test_sweep_does_not_compound_and_puts_the_weights_back(tiny):
    model = tiny("roberta")
    before = {name: p.clone() for name, p in model.named_parameters()}
    total = sum(p.numel() for p in prunable_parameters(model).values())
    for pruning in prune.sweep(model):
        assert pruning.zeros == round(pruning.requested * total)
        assert prune.sparsity_of(model)[0] == pytest.approx(pruning.requested, abs=1e-5)
    assert all(torch.equal(p, before[name]) for name, p in model.named_parameters())


@pytest.mark.parametrize("method", ["global", "layerwise"])
def test_each_level_starts_from_the_first_weights_whatever_was_written_since(tiny, method):
    model = tiny("roberta")
    for parameter in prunable_parameters(model).values():  # ties, within and across levels, zeros
        parameter.data.mul_(50).round_().div_(50)
        parameter.data.view(-1)[::3] = -0.0
    pristine = copy.deepcopy(model)
    for pruning in prune.sweep(model, (0.9, 0.3, 0.5, 0.51, 0.95), method=method):
        expected = copy.deepcopy(pristine)
        alone = prune.prune_model(expected, pruning.requested, method=method)
        assert pruning.dropped == alone.dropped
        pairs = (prunable_parameters(one).values() for one in (model, expected))
        for weight, other in zip(*pairs, strict=True):
            assert torch.equal(weight.view(torch.int32), other.view(torch.int32))  # signs of 0 too
        first = next(iter(prunable_parameters(model).values()))
        first.data.numpy()[0] = 7  # nothing that torch takes notice of


def test_sweep_puts_the_weights_back_when_it_is_left_early(tiny):
    model = tiny("roberta")
    before = {name: p.clone() for name, p in model.named_parameters()}
    with pytest.raises(KeyboardInterrupt):
        for _ in (steps := prune.sweep(model, (0.5, 0.9))):
            raise KeyboardInterrupt
    steps.close()
    assert all(torch.equal(p, before[name]) for name, p in model.named_parameters())


def test_pruning_again_does_not_compound(tiny):
    model = tiny("gpt2")
    prune.prune_global(model, 0.5)
    again = prune.prune_global(model, 0.9)
    assert again.zeros == round(0.9 * again.total)
    assert prune.sparsity_of(model)[0] == pytest.approx(0.9, abs=1e-4)


@pytest.mark.parametrize("bad", [1.2, -0.1, 90, float("nan"), "0.9", None, True])
def test_a_sparsity_outside_0_to_1_is_refused(bad):
    with pytest.raises(InputError, match=r"fraction of zeros.*0\.9 for 90 %"):
        global_masks({"w": torch.ones(3)}, bad)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_cannot_be_ranked_are_refused_before_anything_changes(tiny, value):
    model = tiny("bert")
    name, parameter = list(prunable_parameters(model).items())[7]
    parameter.data[0, 0] = value
    before = {n: p.clone() for n, p in model.named_parameters()}
    with pytest.raises(InputError, match=name):
        prune.prune_global(model, 0.5)
    for n, p in model.named_parameters():
        assert torch.equal(p.nan_to_num(), before[n].nan_to_num())


def test_nothing_to_prune_and_wrong_dtypes_are_refused():
    with pytest.raises(InputError, match="every tensor is empty"):
        global_masks({"w": torch.empty(0)}, 0.5)
    with pytest.raises(InputError, match=r"w has dtype torch\.int64"):
        global_masks({"w": torch.arange(3)}, 0.5)


@pytest.mark.parametrize(
    "ask",
    [
        lambda model: prune.prune_global(model, 0.5),
        lambda model: prune.prune_model(model, 0.5, method="random"),
        lambda model: list(prune.sweep(model, (0.5,))),
        prune.sparsity_of,
        prune_nm,
        weight_summary,
        measure_size,
        lambda model: sparse_linear(model, calibrate=False),
    ],
)
def test_weights_without_values_are_named(tiny, ask):
    with pytest.raises(InputError, match=r"h\.0\.attn\.c_attn\.weight.*device meta.*load the"):
        ask(tiny("gpt2").to("meta"))


def test_a_layer_without_weights_counts_for_none(tiny):
    model = tiny("gpt2")
    model.transformer.h[0].mlp.c_fc.weight = torch.nn.Parameter(torch.empty(0, 32))
    total = sum(p.numel() for p in prunable_parameters(model).values())
    assert prune.prune_global(model, 0.9).zeros == round(0.9 * total)
    assert prune.sparsity_of(model)[0] == pytest.approx(0.9, abs=1e-4)
    assert weight_summary(model).overall.weights == total
    choices = {choice.name: choice for choice in sparse_linear(model, calibrate=False)}
    assert choices["transformer.h.0.mlp.c_fc"].method == "dense"


def test_a_sweep_takes_any_levels_and_none():
    model = load_model("roberta").model  # large enough to be sampled
    assert list(prune.sweep(model, ())) == []
    once = (level for level in (0.5, 0.9))
    assert [pruning.requested for pruning in prune.sweep(model, once)] == [0.5, 0.9]


def test_an_unknown_method_is_refused(tiny):
    with pytest.raises(InputError, match="global, layerwise, random"):
        prune.prune_model(tiny("bert"), 0.5, method="magic")


def test_experts_are_ranked_with_all_other_weights_and_told_apart_in_the_table():
    model = mixtures.make("qwen3_moe")
    with torch.no_grad():  # one expert far smaller than everything else: it goes first, and alone
        model.model.layers[1].mlp.experts.down_proj[2] /= 1e6
    count = 32 * 24
    share = count / sum(p.numel() for p in prunable_parameters(model).values())
    pruning = prune.prune_global(model, share, keep_masks=True)
    table = pruning.table().query("zeros > 0")
    assert list(table["expert"]) == [2] and list(table["zeros"]) == [count]
    assert not model.model.layers[1].mlp.experts.down_proj[2].any()
    assert model.model.layers[1].mlp.experts.down_proj[1].all()
    assert prune.sparsity_of(model)[0] == pruning.sparsity
    assert measure_size(model).prunable == pruning.total == weight_summary(model).overall.weights
