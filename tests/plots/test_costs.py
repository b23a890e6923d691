"""What zeros cost and save: bits against a real encoding, Amdahl against a clock that is exact."""

import math
import xml.etree.ElementTree as ET
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch
from hypothesis import given
from hypothesis import strategies as st

from labkit import plots
from labkit.errors import InputError
from labkit.execution.amdahl import FreeLinear, amdahl, free_linear
from labkit.execution.calibration import SPARSITIES, Times
from labkit.models.prunable import prunable_layers
from labkit.plots.figure import INK
from labkit.storage.formats import bits_per_weight


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("sparsity", [0.0, 0.5, 0.9])
def test_bits_are_those_of_scipys_arrays_and_numpys_packed_mask(dtype, sparsity):
    rows, columns = 20, 50
    weight = np.ones((rows, columns), dtype)
    weight.ravel()[: round(sparsity * weight.size)] = 0
    csr, coo = scipy.sparse.csr_array(weight), scipy.sparse.coo_array(weight)
    real = {
        "dense": weight.nbytes,
        "COO": coo.data.nbytes + sum(axis.astype("int32").nbytes for axis in coo.coords),
        "CSR": csr.data.nbytes + csr.indices.nbytes + csr.indptr.nbytes,
        "bit mask": csr.data.nbytes + np.packbits(weight != 0).nbytes,
    }
    bits = bits_per_weight(sparsity, 8 * weight.itemsize, (rows, columns))
    bound = bits.pop("mask bound")
    assert {form: round(value * weight.size / 8) for form, value in bits.items()} == real
    n, k = weight.size, csr.nnz
    exact = math.log2(math.comb(n, k)) / n + 8 * weight.itemsize * k / n
    assert exact <= bound + 1e-9 and bound == pytest.approx(exact, abs=0.02)
    assert bound <= bits["bit mask"] + 1e-9


def test_bits_of_no_matrix_are_refused():
    with pytest.raises(InputError, match=r"sparsity is 1\.5"):
        bits_per_weight(1.5)
    with pytest.raises(InputError, match="has no entries"):
        bits_per_weight(0.5, shape=(0, 5))


@given(st.integers(0, 100), st.integers(1, 1000))
def test_amdahl_adds_up_the_time_of_rest_and_layers(percent, factor):
    share = Fraction(percent, 100)
    time = (1 - share) + share / factor
    assert amdahl(percent / 100, factor) == pytest.approx(float(1 / time))


def test_amdahls_limit_is_the_rest_and_what_it_cannot_take_is_refused():
    assert amdahl(0.75, math.inf) == pytest.approx(4) and amdahl(1, math.inf) == math.inf
    for share, factor in ((1.1, 2), (-0.1, 2), (math.nan, 2), (0.5, 0), (0.5, math.nan)):
        with pytest.raises(InputError):
            amdahl(share, factor)


@pytest.mark.parametrize("family", ["roberta", "gpt2", "bart"])
def test_free_layers_take_the_place_of_all_and_keep_the_shapes(tiny, family):
    model = tiny(family)
    number = len(prunable_layers(model))
    inputs = {"input_ids": torch.full((2, 7), 3)}
    inputs["input_ids"][:, -1] = 2  # BART's classifier pools the end token
    with torch.inference_mode():
        before = model(**inputs).logits
        assert free_linear(model) == number
        after = model(**inputs).logits
        again = model(**inputs).logits
    assert after.shape == before.shape and not torch.allclose(after, before)
    assert torch.equal(after, again), "drawn once"
    assert sum(isinstance(module, FreeLinear) for module in model.modules()) == number
    with pytest.raises(InputError):
        free_linear(model)


def test_cost_plots_take_the_ink_of_the_page_and_say_their_figures():
    times = Times(2.0, {"kernel": [3.0, 1.0, 0.5, 0.25], "csr": [9.0, 4.0, 1.0, 0.5]})
    rows = pd.DataFrame(
        [(b, "A", s, 7.25, 12.5) for b in ("8 × 128", "1 × 32") for s in SPARSITIES],
        columns=["batch", "model", "level", "times", "limit"],
    )
    said_by = {
        "dense 32.0, COO 9.6, CSR 6.4, bit mask 4.2": plots.plot_bits(),
        "torch, CSR 4.50 at 50 %, 0.25 at 99 %": plots.plot_layer_times({"one": times}),
        "7.2 at 50 %": plots.plot_speedups(rows),
        "the whole 3.1 times as fast, free ones 4.0": plots.plot_amdahl({"A": 0.75}),
    }
    for said, plot in said_by.items():
        root = ET.fromstring(plot.svg())
        assert root.get("role") == "img" and said in plot.alt
        assert "currentColor" in plot.svg() and INK not in plot.svg()


def test_a_machine_without_the_kernel_shows_torchs_product_alone():
    plot = plots.plot_layer_times({"one": Times(2.0, {"csr": [9.0, 4.0, 1.0, 0.5]})})
    assert "kernel" not in plot.alt and "kernel" not in plot.svg()
