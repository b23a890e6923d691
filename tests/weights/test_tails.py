import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from torch import nn

from labkit.models.prunable import prunable_layers, prunable_parameters
from labkit.weights import summary as summaries
from labkit.weights import tails
from labkit.weights.summary import weight_summary


def filled(tiny, draw):
    """A small BERT, all of its prunable weights from `draw(n)`, and these as one array."""
    model = tiny("bert")
    for parameter in prunable_parameters(model).values():
        values = draw(parameter.numel()).reshape(tuple(parameter.shape))
        parameter.data.copy_(torch.from_numpy(values))
    return model, everything(model)


def everything(model):
    weights = prunable_parameters(model).values()
    return torch.cat([weight.detach().flatten() for weight in weights]).double().numpy()


def quantiles_of(family, count):
    """`count` values that are distributed as closely to `family` as they can be."""
    return getattr(stats, family).ppf((np.arange(count) + 0.5) / count)


KNOWN = {  # Hosking 1990, table 1, and Moors 1988
    "uniform": (0.0, 1.0),
    "norm": (30 / math.pi * math.atan(math.sqrt(2)) - 9, 1.233),
    "laplace": (17 / 72, math.log(3) / math.log(2)),
    "logistic": (1 / 6, 1.306),
}


@pytest.mark.parametrize("family", KNOWN)
def test_known_distributions_have_the_published_values(tiny, family):
    rng = np.random.default_rng(0)
    model, _ = filled(tiny, lambda n: 0.05 * rng.permutation(quantiles_of(family, n)))
    whole = weight_summary(model).overall
    by_l, by_octiles = KNOWN[family]
    assert whole.l_kurtosis == pytest.approx(by_l, abs=2e-3)
    assert whole.moors_kurtosis == pytest.approx(by_octiles, abs=0.02)
    if family == "norm":
        assert pytest.approx(tails.NORMAL_L_KURTOSIS, abs=1e-5) == by_l


def plain_l_kurtosis(values):
    """Hosking's sample L-moments straight from their definition, a loop over the sorted values."""
    x, n = sorted(values), len(values)
    b = [sum(math.comb(i, r) * x[i] for i in range(n)) / n / math.comb(n - 1, r) for r in range(4)]
    return (20 * b[3] - 30 * b[2] + 12 * b[1] - b[0]) / (2 * b[1] - b[0])


@given(st.lists(st.integers(-50, 50), min_size=4, max_size=60).filter(lambda v: len(set(v)) > 1))
@settings(deadline=None)
def test_l_kurtosis_of_counted_values_is_that_of_the_plain_definition(values):
    middle, counts = np.unique(values, return_counts=True)
    found = tails.l_kurtosis(middle.astype(float), counts)
    assert found == pytest.approx(plain_l_kurtosis(values), abs=1e-9)
    oracle = stats.lmoment(np.float64(values), order=4, standardize=True)
    assert found == pytest.approx(float(oracle), abs=1e-9)


def test_fewer_than_four_values_have_no_l_kurtosis():
    assert math.isnan(tails.l_kurtosis(np.array([0.0, 1.0]), np.array([1, 2])))


def test_ten_huge_weights_move_the_kurtosis_but_not_the_measures_of_all_others(tiny):
    rng = np.random.default_rng(0)
    model, _ = filled(tiny, lambda n: 0.05 * rng.standard_normal(n))
    before = weight_summary(model).overall
    assert weight_summary(model).remark == ""
    layers = prunable_layers(model)
    places = [(layers[i % len(layers)], i, 3 * i % 7) for i in range(10)]
    for size, (layer, row, column) in enumerate(places, 1):
        layer.weight.data[row, column] = (-1) ** size * (3 + size)
    after = weight_summary(model).overall
    assert after.excess_kurtosis > 100 > 1 > abs(before.excess_kurtosis)
    assert after.l_kurtosis == pytest.approx(before.l_kurtosis, abs=0.05)
    assert after.moors_kurtosis == pytest.approx(before.moors_kurtosis, abs=0.01)
    assert (before.outliers.count, after.outliers.count) == (0, 10)
    # The largest first, each where it was put
    found = [(one.layer, one.row, one.column, one.value) for one in after.largest]
    expected = [
        (layer.name, row, column, layer.weight[row, column].item()) for layer, row, column in places
    ]
    assert found == expected[::-1]
    assert after.largest_share > 0.99
    summary = weight_summary(model, title="T")
    table = summary.table()
    layer, row, column = places[-1]
    assert f"hangs on 10 of {after.weights:,} weights" in summary.remark
    assert f"the largest, 13.00, is {layer.name}[{row}, {column}]" in summary.remark
    assert table["largest_at"].iloc[-1] == f"{layer.name}[{row}, {column}]"
    assert table["outliers"].iloc[-1] == table["outliers"][:-1].sum() == 10


def test_largest_weights_agree_with_torch_across_chunks_and_layouts(tiny, monkeypatch):
    monkeypatch.setattr(summaries, "_CHUNK", 100)  # no multiple of any width
    model = tiny("gpt2")
    rng = np.random.default_rng(3)
    for parameter in prunable_parameters(model).values():
        values = rng.standard_t(2, tuple(parameter.shape))
        parameter.data.copy_(torch.from_numpy(values))
    whole = weight_summary(model).overall
    top = torch.from_numpy(everything(model)).abs().topk(tails.LARGEST).values
    assert [abs(one.value) for one in whole.largest] == top.tolist()
    for one in whole.largest:
        assert model.get_parameter(one.layer)[one.row, one.column] == one.value
    moment = (top**4).sum() / (everything(model) ** 4).sum()
    assert whole.largest_share == pytest.approx(float(moment), rel=1e-2)  # the mean is near 0


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_outliers_are_counted_exactly_for_the_limits_that_are_told(tiny, dtype):
    rng = np.random.default_rng(5)
    model, _ = filled(tiny, lambda n: 0.05 * rng.standard_t(1.5, n))
    model = model.to(dtype)
    values = everything(model)
    whole = weight_summary(model).overall
    found = whole.outliers
    assert found.count == np.sum((values < found.low) | (values > found.high)) > 10
    # The limits themselves: ten robust standard deviations, to the width of a fine bin
    spread = stats.iqr(values, scale="normal")
    assert found.high == pytest.approx(np.median(values) + 10 * spread, rel=0.02)
    assert found.low == pytest.approx(np.median(values) - 10 * spread, rel=0.02)
    assert tails.outliers(whole, 5).count > found.count > tails.outliers(whole, 50).count


def test_the_largest_of_a_model_of_few_weights_are_all_of_them(tiny):
    model = tiny("bert")
    layers = model.bert.encoder.layer
    for block in layers:
        for name, module in list(block.named_modules()):
            if isinstance(module, nn.Linear):
                block.set_submodule(name, nn.Linear(1, 1))
    whole = weight_summary(model).overall
    assert len(whole.largest) == min(whole.weights, tails.LARGEST)
    assert [x.value for x in whole.largest] == sorted(
        (x.value for x in whole.largest), key=abs, reverse=True
    )
