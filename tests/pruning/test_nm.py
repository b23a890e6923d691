import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.errors import InputError
from labkit.models.prunable import prunable_layers
from labkit.pruning.nm import nm_mask, prune_nm


def naive(weight, n, m):
    """Group by group along the rows, in plain Python."""
    keep = np.ones(weight.shape, bool)
    for i, row in enumerate(weight):
        for start in range(0, len(row), m):
            order = sorted(range(start, start + m), key=lambda j: (abs(row[j]), j))
            keep[i, order[: m - n]] = False
    return keep


@given(st.integers(1, 5), st.data())
@settings(max_examples=40, deadline=None)
def test_masks_are_those_of_the_definition(m, data):
    n = data.draw(st.integers(0, m))
    shape = data.draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    size = shape[0] * shape[1] * m
    values = st.sampled_from((0.0, -0.0, 1.0, -1.0, 2.5)) | st.floats(-4, 4, width=16)
    numbers = data.draw(st.lists(values, min_size=size, max_size=size))
    weight = np.array(numbers).reshape(shape[0], -1)
    mask = nm_mask(torch.from_numpy(weight), n, m)
    assert np.array_equal(mask.numpy(), naive(weight, n, m))
    across = nm_mask(torch.from_numpy(weight.T.copy()), n, m, dim=0)
    assert np.array_equal(across.numpy(), naive(weight, n, m).T)


@pytest.mark.parametrize("family", ["roberta", "gpt2", "t5"])
def test_a_model_is_pruned_along_its_inputs(tiny, family):
    model = tiny(family)
    before = {layer.name: layer.weight.detach().clone() for layer in prunable_layers(model)}
    pruning = prune_nm(model, keep_masks=True)
    assert (pruning.method, pruning.requested, pruning.sparsity) == ("2:4", 0.5, 0.5)
    for layer in pruning.layers:
        old, new = before[layer.name], layer.weight.detach()
        kept = naive((old.T if layer.transposed else old).numpy(), 2, 4)
        assert np.array_equal((new.T if layer.transposed else new).numpy() != 0, kept)
        assert torch.equal(new, old * pruning.masks[layer.name])


def test_what_has_no_groups_is_refused():
    for pattern in ((1.5, 4), (2, 4.0), (0, 0), (-1, 4)):
        with pytest.raises(InputError, match="is no pattern"):
            nm_mask(torch.ones(4, 8), *pattern)
    for shape, dim in (((4, 8), 2), ((4, 8), -1), ((8,), 0), ((2, 4, 8), 1)):
        with pytest.raises(InputError, match=f"dim {dim} of {len(shape)}: a matrix is needed"):
            nm_mask(torch.ones(shape), dim=dim)


def test_leftovers_and_nan_name_the_layer_and_change_nothing(tiny):
    model = tiny("gpt2")
    before = [layer.weight.detach().clone() for layer in prunable_layers(model)]
    with pytest.raises(InputError, match=r"transformer\.h\.0\.\S+: 32 inputs .* groups of 5"):
        prune_nm(model, 2, 5)
    with pytest.raises(InputError, match="5:4 is no pattern"):
        prune_nm(model, 5, 4)
    last = prunable_layers(model)[-1]
    last.weight.data[0, 0] = before[-1][0, 0] = float("inf")
    with pytest.raises(InputError, match=last.name):
        prune_nm(model)
    for layer, old in zip(prunable_layers(model), before, strict=True):
        assert torch.equal(layer.weight, old)
