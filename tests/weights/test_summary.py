import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from labkit.errors import InputError
from labkit.models.prunable import prunable_layers, prunable_parameters
from labkit.weights.distribution import merge
from labkit.weights.summary import WeightSummary, histogram, weight_summary


def heavy_tailed(model, seed=0):
    """Give the prunable weights Student-t values (4 degrees of freedom)."""
    rng = np.random.default_rng(seed)
    for parameter in prunable_parameters(model).values():
        values = 0.05 * rng.standard_t(4, tuple(parameter.shape))
        parameter.data.copy_(torch.from_numpy(values))
    return model


def concatenated(model, stack=None):
    layers = [x for x in prunable_layers(model) if stack in (None, x.stack)]
    return torch.cat([x.weight.detach().flatten() for x in layers]).double().numpy()


@pytest.mark.parametrize("family", ["roberta", "gpt2", "bart"])
def test_summary_agrees_with_scipy_over_all_weights_at_once(tiny, family):
    model = heavy_tailed(tiny(family))
    summary = weight_summary(model, title="x")
    scopes = {None: summary.overall}
    scopes |= {stack: merge(blocks) for stack, blocks in summary.stacks.items()}
    for stack, scope in scopes.items():
        values = concatenated(model, stack)
        assert scope.weights == len(values)
        assert scope.mean == pytest.approx(values.mean(), abs=1e-12)
        assert scope.std == pytest.approx(values.std())
        assert scope.skewness == pytest.approx(stats.skew(values))
        assert scope.excess_kurtosis == pytest.approx(stats.kurtosis(values))
        assert (scope.minimum, scope.maximum) == (values.min(), values.max())
        for threshold, share in scope.share_below.items():
            # |w| < t in the weights' own precision, as a student would write it
            expected = (np.abs(values.astype(np.float32)) < threshold).mean()
            assert share == expected
        shares = np.array([0.001, 0.01, 0.25, 0.5, 0.75, 0.99, 0.999])
        expected = np.quantile(values, shares)
        np.testing.assert_allclose(scope.quantiles(shares), expected, rtol=0.01, atol=5e-4)


def test_blocks_of_encoder_and_decoder_stand_apart(tiny):
    summary = weight_summary(tiny("bart"))
    assert [(b.stack, b.block) for b in summary.blocks] == [
        ("encoder", 0),
        ("encoder", 1),
        ("decoder", 0),
        ("decoder", 1),
        ("decoder", 2),
    ]
    table = summary.table()
    assert list(table["stack"][-3:]) == ["encoder", "decoder", "all"]
    assert table["weights"].iloc[-1] == table["weights"][:5].sum()


@given(
    st.lists(st.lists(st.floats(-4, 4, width=32), min_size=0, max_size=30), min_size=1, max_size=4)
)
@settings(deadline=None)
def test_streaming_histogram_equals_numpy_over_the_concatenation(parts):
    edges = np.linspace(-2, 2, 9)
    tensors = [torch.tensor(part, dtype=torch.float32) for part in parts]
    everything = np.concatenate([np.float32(part) for part in parts]).astype(np.float64)
    expected, _ = np.histogram(everything, edges)
    assert np.array_equal(histogram(tensors, edges), expected)


def test_derived_histogram_is_close_to_the_exact_one(tiny):
    model = heavy_tailed(tiny("bert"))
    whole = weight_summary(model).overall
    edges, counts = whole.histogram(0.25, bins=50)
    exact = histogram(prunable_parameters(model).values(), edges)
    # An edge cuts at most one fine bin, which holds under 2 % of its neighbourhood.
    assert np.abs(counts - exact).max() <= 0.02 * exact.max()
    assert counts.sum() == pytest.approx(exact.sum(), rel=2e-3)


@pytest.mark.parametrize(
    ("family", "draw"),
    [
        ("normal", lambda rng, n: rng.normal(0.01, 0.05, n)),
        ("Laplace", lambda rng, n: rng.laplace(0, 0.05, n)),
        ("Student-t", lambda rng, n: 0.05 * rng.standard_t(3, n)),
    ],
)
def test_the_right_distribution_is_the_most_likely(tiny, family, draw):
    model, rng = tiny("bert"), np.random.default_rng(1)
    for parameter in prunable_parameters(model).values():
        parameter.data.copy_(torch.from_numpy(draw(rng, tuple(parameter.shape))))
    values = concatenated(model)
    fits = {fit.family: fit for fit in weight_summary(model).overall.fits()}
    likelihood = {name: fit.log_likelihood for name, fit in fits.items()}
    if family == "normal":  # Student-t contains the normal as its limit
        assert fits["Student-t"].df > 50
        assert likelihood["normal"] > likelihood["Laplace"]
    else:
        assert max(likelihood, key=likelihood.get) == family
    expected = {
        "normal": stats.norm.logpdf(values, *stats.norm.fit(values)).mean(),
        "Laplace": stats.laplace.logpdf(values, *stats.laplace.fit(values)).mean(),
        "Student-t": stats.t.logpdf(values, *stats.t.fit(values)).mean(),
    }
    for name, value in expected.items():
        assert likelihood[name] == pytest.approx(value, abs=2e-3)


def test_normal_quantiles_lie_on_the_diagonal_only_for_normal_weights(tiny):
    model = tiny("bert")
    z, straight = weight_summary(model).overall.normal_quantiles()
    assert np.abs(straight - z).max() < 0.1
    _, bent = weight_summary(heavy_tailed(model)).overall.normal_quantiles()
    assert bent[-1] > z[-1] + 0.5 and bent[0] < z[0] - 0.5


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_models(tiny, dtype):
    model = tiny("gpt2").to(dtype)
    whole = weight_summary(model).overall
    assert whole.std == pytest.approx(concatenated(model).std())


def test_double_precision_is_not_rounded(tiny):
    below, above = 0.1 - 1e-12, 0.1 + 1e-12  # one number in float32
    edges = (0.0, 0.1, 1.0)
    both = torch.tensor([below, above], dtype=torch.float64)
    assert histogram([both], edges).tolist() == [1, 1]
    model = tiny("bert").double()
    for parameter in prunable_parameters(model).values():
        parameter.data.fill_(below)
    first = next(iter(prunable_parameters(model).values()))
    first.data[0, 0], first.data[0, 1] = above, 1e-60
    whole = weight_summary(model).overall
    assert whole.zeros == 0 and whole.maximum == above
    assert whole.below == (1, whole.weights - 1)


@pytest.mark.parametrize(
    ("value", "dtype"),
    [(0.25, torch.float32), (0.1, torch.float64), (1.1, torch.float64), (0.7, torch.float64)],
)
def test_all_equal_weights_have_no_moments_to_divide_by(tiny, value, dtype):
    model = tiny("bert")
    for parameter in prunable_parameters(model).values():
        parameter.data = torch.full(parameter.shape, value, dtype=dtype)
    whole = weight_summary(model).overall
    assert (whole.mean, whole.std, whole.skewness, whole.excess_kurtosis) == (value, 0, 0, 0)
    assert (whole.l_kurtosis, whole.moors_kurtosis, whole.outliers.count) == (0, 0, 0)
    assert whole.largest_share == 0
    assert whole.quantiles((0, 0.5, 1)).tolist() == [value] * 3
    with pytest.raises(InputError, match="two different"):
        whole.fits()


def test_a_model_of_one_block_has_a_row_for_the_whole(tiny):
    model = tiny("bert")
    model.bert.encoder.layer = model.bert.encoder.layer[:1]
    assert weight_summary(model).table()["block"].tolist() == [0, -1]


def test_what_no_distribution_has_is_refused(tiny):
    whole = weight_summary(tiny("bert")).overall
    for share in (-0.1, 1.5, float("nan")):
        with pytest.raises(InputError, match=f"share {share} is not within 0 to 1"):
            whole.quantiles([0.5, share])
    for limit, bins in ((0, 9), (-1, 9), (float("nan"), 9), (float("inf"), 9), (1, 0)):
        with pytest.raises(InputError, match=f"limit {limit} and {bins} bins"):
            whole.histogram(limit, bins)


def test_nan_names_the_parameter(tiny):
    model = tiny("bert")
    name, parameter = list(prunable_parameters(model).items())[3]
    parameter.data[0, 0] = float("nan")
    with pytest.raises(InputError, match=name):
        weight_summary(model)


def test_save_and_load(tiny, tmp_path):
    summary = weight_summary(heavy_tailed(tiny("bart")), (0.001, 0.5), title="B")
    loaded = WeightSummary.load(summary.save(tmp_path / "w.parquet"))
    assert loaded.table().equals(summary.table())
    assert np.array_equal(loaded.overall.counts, summary.overall.counts)
    assert loaded.overall.largest == summary.overall.largest
    (tmp_path / "w.parquet").write_bytes(b"PAR1 no")
    pd.DataFrame({"title": []}).to_parquet(tmp_path / "none.parquet")
    for name in ("w.parquet", "none.parquet"):
        with pytest.raises(InputError, match="not a saved weight summary"):
            WeightSummary.load(tmp_path / name)


@pytest.mark.parametrize("scale", [1e-40, 1e-90, 1e-200])
def test_weights_too_small_for_their_moments_are_refused(tiny, scale):
    model = tiny("gpt2").double()
    for parameter in model.parameters():
        parameter.data.mul_(scale)
    with pytest.raises(InputError, match=r"c_attn\.weight holds values up to .* cannot tell apart"):
        weight_summary(model)
