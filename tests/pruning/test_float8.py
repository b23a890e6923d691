"""Weights of eight bits are pruned, stored and read back like any others, or refused in words."""

import numpy as np
import pytest
import torch
from torch import nn

from labkit import load_sparse, prune_global, prune_nm, save_sparse, sparsity_of, weight_summary
from labkit.errors import InputError
from labkit.models.prunable import prunable_layers, prunable_parameters
from labkit.pruning.files import prune_files, shards
from labkit.pruning.masks import global_masks
from labkit.pruning.prune import sweep
from labkit.storage.formats import format_sizes
from labkit.storage.size import measure_size

EIGHT = [torch.float8_e4m3fn, torch.float8_e5m2]


def in_eight_bits(model, dtype):
    """The model with its prunable weights in float8, as a checkpoint without scales has them."""
    for parameter in prunable_parameters(model).values():
        parameter.data = parameter.data.to(dtype)
    return model


def bits(model):
    return {n: t.contiguous().view(torch.uint8).clone() for n, t in model.state_dict().items()}


def same(found, expected):
    return found.keys() == expected.keys() and all(
        torch.equal(found[n], t) for n, t in expected.items()
    )


@pytest.mark.parametrize("dtype", EIGHT)
def test_the_same_weights_go_in_memory_on_disk_and_in_a_wider_dtype(tiny, tmp_path, dtype):
    model = in_eight_bits(tiny("bert"), dtype)
    weights = {n: w.detach().float() for n, w in prunable_parameters(model).items()}
    model.save_pretrained(tmp_path / "dense")
    pruning = prune_global(model, 0.7)
    expected = global_masks(weights, 0.7)  # float8 has many ties: their order is that of float32
    for name, weight in prunable_parameters(model).items():
        assert weight.dtype == dtype
        assert torch.equal(weight.float(), weights[name] * expected[name])
    assert pruning.zeros == round(0.7 * pruning.total)
    done = prune_files(tmp_path / "dense", tmp_path / "pruned", 0.7)
    assert done.dropped == pruning.zeros
    loaded = type(model).from_pretrained(tmp_path / "pruned", dtype="auto")
    own = dict(model.named_parameters())
    for name, weight in loaded.named_parameters():
        assert torch.equal(weight.float(), own[name].float())
    # and stored, read back to the bit, and counted
    assert same(bits(load_sparse(save_sparse(model, tmp_path / "s"))), bits(model))
    zeros = sum(int((w.float() == 0).sum()) for w in prunable_parameters(model).values())
    assert sparsity_of(model)[0] == zeros / pruning.total
    assert weight_summary(model).overall.zeros == zeros
    size = measure_size(model)
    assert format_sizes(model)["coo_bytes"] == size.file_bytes - size.prunable + 9 * (
        size.prunable_nonzero
    )
    assert size.nonzero == sum(int((p.float() != 0).sum()) for p in model.parameters())


def test_a_sweep_puts_float8_weights_back_and_patterns_hold(tiny):
    model = in_eight_bits(tiny("gpt2"), torch.float8_e4m3fn)
    before = bits(model)
    reached = [(pruning.sparsity, sparsity_of(model)[0]) for pruning in sweep(model, (0.5, 0.9))]
    for asked, found in reached:
        assert found == pytest.approx(asked, abs=0.05)  # some were zero in eight bits before
    assert same(bits(model), before)
    prune_nm(model, 2, 4)
    assert sparsity_of(model)[0] >= 0.5


def test_mixed_with_wider_weights_all_are_ranked_together(tiny, tmp_path):
    model = tiny("bert")
    first, second, *_ = prunable_parameters(model).values()
    first.data = first.data.to(torch.float8_e5m2)
    second.data = second.data.to(torch.float16)
    model.save_pretrained(tmp_path / "dense")
    done = prune_files(tmp_path / "dense", tmp_path / "pruned", 0.5)
    assert done.dropped == prune_global(model, 0.5).zeros
    found = type(model).from_pretrained(tmp_path / "pruned").state_dict()
    for name, tensor in model.state_dict().items():
        assert torch.equal(found[name].float(), tensor.float())


@pytest.mark.parametrize(("name", "dtype"), zip(["F8_E4M3", "F8_E5M2"], EIGHT, strict=True))
def test_every_code_has_torchs_number(name, dtype):
    codes = torch.arange(256, dtype=torch.uint8)
    expected = codes.view(dtype).float().numpy()
    found = (shards._widened(name).astype(np.uint32) << 16).view(np.float32)
    np.testing.assert_array_equal(found, expected)
    assert np.array_equal(np.signbit(found), np.signbit(expected))


@pytest.mark.parametrize("end", ["_scale", "_scale_inv"])
def test_codes_with_a_scale_are_refused_with_its_name(tiny, tmp_path, end):
    model = in_eight_bits(tiny("bert"), torch.float8_e4m3fn)
    layer = prunable_layers(model)[3]
    module = model.get_submodule(layer.name.removesuffix(".weight"))
    module.register_parameter("weight" + end, nn.Parameter(torch.ones(1)))
    model.save_pretrained(tmp_path / "dense")
    for call in (
        lambda: prune_global(model, 0.5),
        lambda: weight_summary(model),
        lambda: next(sweep(model, (0.5,))),
        lambda: prune_files(tmp_path / "dense", tmp_path / "pruned", 0.5),
    ):
        with pytest.raises(InputError, match=f"{layer.name}.* float8 .*{layer.name}{end}"):
            call()


def test_a_code_that_is_no_number_is_named(tiny):
    model = in_eight_bits(tiny("bert"), torch.float8_e4m3fn)
    name, weight = list(prunable_parameters(model).items())[2]
    weight.data.view(torch.uint8)[0, 0] = 0x7F
    with pytest.raises(InputError, match=name):
        prune_global(model, 0.5)
