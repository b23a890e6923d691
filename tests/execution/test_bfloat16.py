"""Sparse layers that round activations to bfloat16: the bound they state, and where it flows."""

import copy
import json

import numpy as np
import pytest
import torch

from labkit import prune_global
from labkit.errors import InputError
from labkit.execution import calibration, kernels, processor
from labkit.execution.bf16_links import ATTENTION, link
from labkit.execution.sparse_layer import SparseLinear
from labkit.execution.sparse_layers import dense_linear, sparse_linear

U, EPS, TINY = 2.0**-8, 2.0**-24, 2.0**-134
LENGTHS = (1, 8, 16, 32, 64, 128)


def case(tokens, inputs, outputs, seed=0, density=0.2):
    rng = np.random.default_rng(seed)
    weight = rng.standard_normal((outputs, inputs)) * (rng.random((outputs, inputs)) < density)
    x = rng.standard_normal((tokens, inputs))
    return torch.from_numpy(x).float(), torch.from_numpy(weight).float()


def within_the_bound(y, x, weight, bias=None):
    """Whether y is as near to the product in float64 as the layer states."""
    exact = x.double() @ weight.double().T + (0 if bias is None else bias.double())
    size = x.double().abs() @ weight.double().abs().T
    size_of_all = size + (0 if bias is None else bias.double().abs())
    terms = weight.count_nonzero(1).double() + 1
    bound = U * size + 2 * terms * EPS * size_of_all + TINY * weight.double().abs().sum(1) + TINY
    return bool(((y.double() - exact).abs() <= bound).all())


@pytest.mark.parametrize("length", LENGTHS)
def test_every_panel_length_keeps_the_bound(monkeypatch, length):
    monkeypatch.setattr(kernels, "_panel_length", lambda *_: length)
    for tokens, inputs, outputs in ((1, 5, 3), (length, 33, 70), (3 * length // 2 + 1, 48, 17)):
        x, weight = case(tokens, inputs, outputs, seed=length)
        bias = torch.randn(outputs)
        x[:, 0] += 3e4  # an offset that all tokens share, beside which the others are small
        for given in (None, bias):
            y = kernels.kernel_product(x, kernels.kept(weight), given, narrow=True)
            assert within_the_bound(y, x, weight, given)


@pytest.mark.parametrize("length", LENGTHS)
def test_values_of_bfloat16_are_multiplied_as_they_are_and_results_rounded_once(
    monkeypatch, length
):
    monkeypatch.setattr(kernels, "_panel_length", lambda *_: length)
    x, weight = case(length + 5, 70, 40)
    matrix, half = kernels.kept(weight), x.bfloat16()
    exact = half.double() @ weight.double().T
    y = kernels.kernel_product(half, matrix, None, narrow=True)
    torch.testing.assert_close(y.double(), exact, atol=1e-5, rtol=0)
    assert torch.equal(kernels.kernel_product(half, matrix, None, narrow=True), y)
    short = kernels.kernel_product(half, matrix, None, narrow=True, dtype=torch.bfloat16)
    assert torch.equal(short, y.bfloat16())


def test_rounding_is_torchs_for_every_kind_of_number():
    edges = [0.0, -0.0, 1.0, 3.4e38, -3.4e38, 1e-40, -1e-45, float("inf"), float("-inf")]
    half_way = (torch.arange(0x3F80, 0x3FC0) * 0x10000 + 0x8000).int().view(torch.float32)
    anything = torch.randint(-(2**31), 2**31, (4096,), dtype=torch.int64).int().view(torch.float32)
    values = torch.cat([torch.tensor(edges), half_way, -half_way, anything, torch.tensor([np.nan])])
    x, matrix = values[: len(values) // 16 * 16].view(-1, 16), kernels.kept(torch.eye(16))
    for tokens in (128, 64, 50):  # whole squares, and numbers one by one
        y = torch.cat(
            [kernels.kernel_product(s, matrix, None, narrow=True) for s in x.split(tokens)]
        )
        rounded = len(x) - len(x) % tokens  # the last may be few enough for float32
        np.testing.assert_array_equal(y[:rounded], x[:rounded].bfloat16().float())
        short = kernels.kernel_product(x[:tokens], matrix, None, dtype=torch.bfloat16)
        np.testing.assert_array_equal(short.float(), x[:tokens].bfloat16().float())


@pytest.mark.parametrize("tokens", [40, 70, 128])
def test_what_is_not_finite_stays_with_its_token(tokens):
    x, weight = case(tokens, 40, 30)
    x[3, 7], x[-1, 9], x[0, 11] = float("inf"), float("nan"), float("-inf")
    y = kernels.kernel_product(x, kernels.kept(weight), None, narrow=True)
    exact = x.double() @ weight.double().T
    reads = weight != 0
    for token, column in ((3, 7), (tokens - 1, 9), (0, 11)):
        expected = torch.where(reads[:, column], weight[:, column] * x[token, column], 0.0)
        found = torch.where(reads[:, column], y[token], 0.0)
        np.testing.assert_array_equal(found.numpy(), expected.numpy())
    whole = [t for t in range(tokens) if t not in (0, 3, tokens - 1)]
    assert within_the_bound(y[whole], x[whole], weight)
    assert exact[whole].isfinite().all()


def test_an_answer_does_not_hang_on_the_tokens_beside_it():
    x, weight = case(300, 64, 50)
    matrix = kernels.kept(weight)
    y = kernels.kernel_product(x, matrix, None, narrow=True)
    other = x.clone()
    other[1::2] = 1e4 * torch.randn(150, 64)
    assert torch.equal(kernels.kernel_product(other, matrix, None, narrow=True)[::2], y[::2])


def test_the_activation_is_that_of_the_sum():
    x, weight = case(64, 40, 30)
    matrix = kernels.kept(weight)
    plain = kernels.kernel_product(x, matrix, None, narrow=True)
    y = kernels.kernel_product(x, matrix, None, "gelu", narrow=True)
    torch.testing.assert_close(y, torch.nn.functional.gelu(plain), atol=1e-6, rtol=1e-6)


def test_panels_are_as_long_as_cache_registers_and_threads_allow():
    length = kernels._panel_length
    assert length(1024, 768, narrow=True, many=True) == 128
    assert length(1024, 768, narrow=True, many=False) == 64
    assert length(1024, 768, many=True) == 64
    assert length(1024, 768, narrow=True, threads=16, many=True) == 64
    assert length(1024, 3072) == 32
    assert length(1024, 3072, narrow=True, many=True) == 64
    assert length(1024, 3072, 1 << 20) == 64
    assert length(20, 768, narrow=True) == 32
    assert kernels.panel_bytes() >= kernels.PANEL_BYTES


def test_the_cache_is_read_where_linux_lists_it(tmp_path):
    assert processor.second_level_cache(tmp_path) is None
    for index, level, size in ((0, "1", "48K"), (1, "2", "2048K"), (2, "3", "300M")):
        folder = tmp_path / f"index{index}"
        folder.mkdir()
        (folder / "level").write_text(level + "\n")
        (folder / "size").write_text(size + "\n")
    assert processor.second_level_cache(tmp_path) == 1 << 21
    (tmp_path / "index1" / "size").write_text("unknown\n")
    assert processor.second_level_cache(tmp_path) is None


def test_what_a_processor_has_decides():
    avx512 = dict.fromkeys(("avx512_f", "avx512_bw", "avx512_dq", "avx512_vl"), True)
    amx = avx512 | dict.fromkeys(("amx_tile", "amx_int8", "amx_bf16"), True)
    assert not processor.long_vectors({"avx2": True})
    assert processor.long_vectors(avx512)
    assert not processor.bfloat16_matrices(avx512 | {"avx512_bf16": True})
    assert processor.bfloat16_matrices(amx)


def batch(padding=0, end=2):
    ids = torch.randint(3, 300, (4, 17), generator=torch.Generator().manual_seed(0))
    mask = torch.ones_like(ids)
    ids[:, -1] = end
    if padding:
        mask[1, -padding:] = 0
    return {"input_ids": ids, "attention_mask": mask}


@pytest.mark.parametrize("family", ["roberta", "bert", "gpt2", "bart", "opt", "pythia", "t5"])
def test_a_model_answers_nearly_as_in_float32_and_turns_back_exactly(tiny, family):
    model = tiny(family)
    model.config.pad_token_id = 0
    prune_global(model, 0.9)
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    one, end = copy.deepcopy(model), model.config.eos_token_id or 2
    sparse_linear(one, calibrate=False)
    choices = sparse_linear(model, calibrate=False, precision="bfloat16")
    assert {choice.precision for choice in choices} == {"bfloat16"}
    assert model.state_dict().keys() == one.state_dict().keys()
    link(model, matrices=True)  # as on a processor that has them
    with torch.no_grad():
        for inputs in (batch(end=end), batch(5, end)):
            expected, found = one(**inputs).logits, model(**inputs).logits
            assert found.dtype == torch.float32
            assert not torch.equal(found, expected)
            apart = float((found - expected).abs().max())
            assert apart < 0.02 * float(expected.abs().max())
    dense_linear(model)
    assert all(torch.equal(model.state_dict()[name], state[name]) for name in state)


def results(model):
    layers = [m for m in model.modules() if isinstance(m, SparseLinear)]
    return sum(layer.result == torch.bfloat16 for layer in layers)


def test_results_stay_in_bfloat16_only_where_every_reader_takes_it(tiny):
    model = tiny("roberta")
    prune_global(model, 0.9)
    blocks = len(model.roberta.encoder.layer)
    random = torch.Generator().manual_seed(0)
    for layer in model.roberta.encoder.layer:  # sparse enough, all of them
        for name in ("self.query", "self.key", "self.value", "output.dense"):
            weight = layer.attention.get_submodule(name).weight
            weight.data.mul_(torch.rand(weight.shape, generator=random) > 0.9)
    sparse_linear(model, calibrate=False, precision="bfloat16")
    for layer in (m for m in model.modules() if isinstance(m, SparseLinear)):
        layer.result = torch.float32
    hooked = copy.deepcopy(model)
    eager = copy.deepcopy(model)
    assert link(model, matrices=False) == results(model) == blocks  # the feed-forwards
    assert link(model, matrices=True) == results(model) == 4 * blocks
    first = hooked.roberta.encoder.layer[0]
    first.attention.output.dense.register_forward_hook(lambda *_: None)
    first.output.dense.method = "csr"
    assert link(hooked, matrices=True) == 4 * (blocks - 1)
    eager.config._attn_implementation = "eager"
    assert link(eager, matrices=True) == blocks
    assert set(ATTENTION) == {"GPT2Attention", "BartAttention", "BertAttention", "RobertaAttention"}


def test_other_precisions_and_dtypes_are_refused(tiny):
    model = tiny("roberta")
    with pytest.raises(InputError, match="precision 'int8': choose float32 or bfloat16"):
        sparse_linear(model, precision="int8")
    layer = torch.nn.Linear(24, 40)
    with pytest.raises(InputError, match="precision 'half'"):
        SparseLinear(layer, precision="half")
    with torch.no_grad():
        with pytest.raises(InputError, match=r"activations of torch\.bfloat16"):
            SparseLinear(layer).eval()(torch.randn(2, 24).bfloat16())
        narrow = SparseLinear(layer, precision="bfloat16").eval()
        assert "precision=bfloat16" in repr(narrow)
        with pytest.raises(InputError, match=r"activations of torch\.float16"):
            narrow(torch.randn(2, 24).half())
        x = torch.randn(40, 24).bfloat16()
        for method in ("kernel", "csr"):
            narrow.method = method
            torch.testing.assert_close(narrow(x), layer(x.float()), atol=1e-5, rtol=0)


def test_times_are_kept_for_each_precision(monkeypatch, tmp_path):
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path))
    monkeypatch.setattr(calibration, "SECONDS", 0.0)
    calibration.times(16, 8, 3)
    calibration.times(16, 8, 3, "bfloat16")
    keys = json.loads((tmp_path / "calibration.json").read_text())["times"]
    assert len(keys) == 2
    assert sum(key.endswith(", bfloat16") for key in keys) == 1
