"""Products by slices are those of whole rows, and follow what is written to the weights."""

import copy
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from labkit.execution import feed_forward, kernels, processor, slices
from labkit.execution.kernels import Kept, kept, kernel_product
from labkit.execution.slices import SliceStore, cut
from labkit.execution.sparse_layer import SparseLinear


@pytest.fixture(autouse=True)
def _two_threads():
    """Panels of 200 tokens come out even: with threads left over, rows are split and not cut."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def _weight(outputs, inputs, density, seed=0):
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(outputs, inputs, generator=generator)
    return weight * (torch.rand(outputs, inputs, generator=generator) < density)


def _with_store(matrix):
    return matrix._replace(store=SliceStore())


def _layer(density=0.2, **settings):
    torch.manual_seed(0)
    layer = nn.Linear(400, 300)
    layer.weight.data = _weight(300, 400, density)
    return SparseLinear(layer, **settings).eval()


@torch.no_grad()
def _dense(layer, x):
    return x.double() @ layer.kept.dense().double().T + layer.bias.double()


@settings(deadline=None, max_examples=40)
@given(
    outputs=st.integers(1, 600),
    inputs=st.integers(256, 700),
    density=st.sampled_from([0.04, 0.1, 0.5, 1.0]),
    tokens=st.integers(64, 300),
    narrow=st.booleans(),
    biased=st.booleans(),
    activation=st.sampled_from(["", "gelu"]),
    seed=st.integers(0, 9),
)
def test_slices_give_what_rows_give_to_the_last_bit(
    outputs, inputs, density, tokens, narrow, biased, activation, seed
):
    matrix = kept(_weight(outputs, inputs, density, seed))
    x, bias = torch.randn(tokens, inputs), torch.randn(outputs) if biased else None
    whole = kernel_product(x, matrix, bias, activation, narrow=narrow)
    cut_up = _with_store(matrix)
    for _ in range(2):  # the second time the slices are there
        found = kernel_product(x, cut_up, bias, activation, narrow=narrow)
        assert torch.equal(found, whole)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_layers_of_many_tokens_are_cut_and_right(threads):
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        layer, x = _layer(), torch.randn(64 * threads, 400)
        found = layer(x)
    finally:
        torch.set_num_threads(before)
    assert layer.kept.store._made is not None
    torch.testing.assert_close(found.double(), _dense(layer, x), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("outputs", [300, 512, 1000])
def test_panels_whose_rows_are_shared_out_are_cut_too(outputs):
    matrix, x = kept(_weight(outputs, 400, 0.2)), torch.randn(150, 400)  # three panels, two threads
    cut_up = _with_store(matrix)
    assert torch.equal(kernel_product(x, cut_up, None), kernel_product(x, matrix, None))
    assert cut_up.store._made is not None


def test_a_pair_of_layers_is_cut_and_agrees_with_two_calls():
    first, second = kept(_weight(1024, 300, 0.2)), kept(_weight(300, 1024, 0.2, seed=1))
    x, biases = torch.randn(300, 300), (torch.randn(1024), torch.randn(300))
    both = _with_store(first), _with_store(second)
    found = feed_forward.product(x, *both, biases, "gelu", 64)
    assert all(matrix.store._made is not None for matrix in both)
    middle = kernel_product(x, first, biases[0], "gelu")
    assert torch.equal(found, kernel_product(middle, second, biases[1]))


def test_slices_hold_each_kept_weight_once():
    weight = _weight(300, 400, 0.1)
    matrix = kept(weight)
    found = cut(matrix.values, matrix.columns, matrix.offsets, 400, 96)
    again, at, part = torch.zeros_like(weight), 0, 0
    for block in range(2):
        for piece in range(5):
            place = 5 * block + piece
            assert found.starts[place].tolist() == [part, at]
            counts = []
            while part < found.starts[place + 1, 0]:
                row, count = found.parts[part].tolist()
                columns = 96 * piece + found.columns[at : at + count].long()
                again[256 * block + row, columns] += found.values[at : at + count]
                counts.append(count)
                part, at = part + 1, at + count
            assert counts == sorted(counts) and 0 not in counts
    assert torch.equal(again, weight)


def _numpy_view(layer):
    layer.values.numpy()[3] += 1


def _numpy_column(layer):
    row = int((layer.offsets.diff() > 1).nonzero()[0])
    at = int(layer.offsets[row])
    layer.columns.numpy()[at] = int(layer.columns[at + 1]) - 1


def _numpy_offsets(layer):
    layer.offsets.numpy()[7:9] += 1


def _other_data(layer):
    other = _layer(0.3)
    for name in ("values", "columns", "offsets"):
        getattr(layer, name).data = getattr(other, name)


def _exchange_values(layer):
    first = layer.values.data[:2].clone()
    layer.values.data[:2] = first.flip(0)


def _move_a_weight(layer):
    row = int((layer.offsets.diff() > 1).nonzero()[0])
    at = int(layer.offsets[row])
    layer.columns[at] = layer.columns[at + 1] - 1


def _fewer_in_a_row(layer):
    layer.offsets[7:9] += 1


WRITES = {
    "in place": lambda layer: layer.values.mul_(2),
    "one weight": lambda layer: layer.values.__setitem__(0, 9.0),
    "through .data": lambda layer: layer.values.data.neg_(),
    "two signs through .data": lambda layer: layer.values.data[:2].neg_(),
    "the last sign through .data": lambda layer: layer.values.data[-1:].neg_(),
    "exchanged through .data": _exchange_values,
    "through NumPy": _numpy_view,
    "a column through NumPy": _numpy_column,
    "offsets through NumPy": _numpy_offsets,
    "all as .data": _other_data,
    "a column": _move_a_weight,
    "offsets": _fewer_in_a_row,
    "a new buffer": lambda layer: setattr(layer, "values", layer.values + 1),
    "load_state_dict": lambda layer: layer.load_state_dict(_layer(0.3).state_dict()),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_what_is_written_to_a_layer_counts(write):
    layer, x = _layer(), torch.randn(200, 400)
    before = layer(x)
    write(layer)
    found = layer(x)
    assert not torch.equal(found, before)
    torch.testing.assert_close(found.double(), _dense(layer, x), rtol=1e-4, atol=1e-4)
    assert torch.equal(layer(x), found)


def test_an_interrupt_between_slices_and_product_loses_nothing(monkeypatch):
    layer, x = _layer(), torch.randn(200, 400)

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(slices.machine_code, "run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            layer(x)
    layer.values.data.neg_()
    torch.testing.assert_close(layer(x).double(), _dense(layer, x), rtol=1e-4, atol=1e-4)


def test_slices_that_another_call_has_forgotten_are_still_looked_at(monkeypatch):
    layer, x = _layer(), torch.randn(200, 400)
    layer(x)
    layer.values.data.neg_()
    run = slices.machine_code.run

    def forgotten(*given):
        layer.kept.store._made = None  # as a call in another thread does that noticed it first
        return run(*given)

    monkeypatch.setattr(slices.machine_code, "run", forgotten)
    torch.testing.assert_close(layer(x).double(), _dense(layer, x), rtol=1e-4, atol=1e-4)


def test_somebody_who_never_stops_writing_does_not_stop_the_product(monkeypatch):
    layer, x = _layer(), torch.randn(200, 400)
    run, runs = slices.machine_code.run, []

    def written(*given):
        runs.append(given)
        layer.values.data.neg_()
        return run(*given)

    monkeypatch.setattr(slices.machine_code, "run", written)
    found = layer(x)
    assert len(runs) == slices.TRIES + 1
    torch.testing.assert_close(found.double(), _dense(layer, x), rtol=1e-4, atol=1e-4)


def test_what_is_written_to_a_pair_of_layers_counts():
    first, second = (_with_store(kept(_weight(300, 300, 0.2, seed))) for seed in (0, 1))
    x = torch.randn(128, 300)
    feed_forward.product(x, first, second, (None, None), "", 64)
    second.values.numpy()[:] *= 2
    found = feed_forward.product(x, first, second, (None, None), "", 64)
    fresh = (matrix._replace(store=None) for matrix in (first, second))
    assert torch.equal(found, feed_forward.product(x, *fresh, (None, None), "", 64))


@pytest.mark.parametrize("twice", [False, True], ids=["in no order", "named twice"])
def test_rows_from_outside_whose_columns_do_not_ascend_are_not_cut(twice):
    matrix = kept(_weight(300, 400, 0.2))
    columns, values = matrix.columns.clone(), matrix.values
    if twice:
        columns[1] = columns[0]
    else:
        columns[:2] = columns[:2].flip(0)
    odd = Kept(values, columns, matrix.offsets, 400, SliceStore())
    x = torch.randn(128, 400)
    assert cut(values, columns, matrix.offsets, 400, 96) is None
    assert torch.equal(
        kernel_product(x, odd, None), kernel_product(x, odd._replace(store=None), None)
    )


def _slices():
    matrix = kept(_weight(300, 400, 0.2))
    return cut(matrix.values, matrix.columns, matrix.offsets, 400, 96)


def test_rows_that_no_longer_count_all_weights_are_multiplied_as_they_are():
    layer, x = _layer(), torch.randn(200, 400)
    layer(x)
    layer.offsets.numpy()[-1] -= 3
    found = layer(x)
    assert layer.kept.store._made[1] is None
    layer.values[-3:] = 0
    layer.offsets.numpy()[-1] += 3
    assert torch.equal(found, layer(x))


def test_a_layer_whose_values_ask_for_gradients_is_cut():
    layer, x = _layer(), torch.randn(200, 400)
    layer.values.requires_grad_()
    with torch.no_grad():
        found = layer(x)
    assert layer.kept.store._made[1] is not None
    torch.testing.assert_close(found.double(), _dense(layer, x), rtol=1e-4, atol=1e-4)


def test_few_kept_weights_or_tokens_are_not_cut():
    layer = _layer(0.01)
    layer(torch.randn(200, 400))
    assert layer.kept.store._made is None
    layer = _layer()
    layer(torch.randn(30, 400))
    assert layer.kept.store._made is None


def test_slices_are_not_copied_or_pickled_with_a_layer():
    layer, x = _layer(), torch.randn(200, 400)
    size = len(pickle.dumps(layer))
    found = layer(x)
    assert len(pickle.dumps(layer)) <= size + 1000  # what it has seen, and no weight twice
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        other.values.mul_(2)
        assert torch.equal(layer(x), found)
        torch.testing.assert_close(other(x).double(), _dense(other, x), rtol=1e-4, atol=1e-4)


def test_a_layer_made_in_inference_mode_is_cut_and_follows_what_is_written():
    with torch.inference_mode():
        layer, x = _layer(), torch.randn(200, 400)
        layer(x)
        assert layer.kept.store._made is not None
        layer.columns[0] = layer.columns[1] - 1
        torch.testing.assert_close(layer(x).double(), _dense(layer, x), rtol=1e-4, atol=1e-4)


def test_weights_that_do_not_count_what_is_written_are_not_cut():
    with torch.inference_mode():
        matrix = _with_store(kept(_weight(300, 400, 0.2)))
        x = torch.randn(200, 400)
        kernel_product(x, matrix, None)
        assert matrix.store._made is None


def test_the_width_follows_the_first_cache_of_data(tmp_path, monkeypatch):
    for i, (level, kind, size) in enumerate(
        [("1", "Instruction", "64K"), ("1", "Data", "48K"), ("2", "Unified", "2M")]
    ):
        folder = tmp_path / f"index{i}"
        folder.mkdir()
        for name, text in {"level": level, "type": kind, "size": size}.items():
            (folder / name).write_text(text + "\n")
    assert processor.first_level_cache(tmp_path) == 48 << 10
    assert processor.second_level_cache(tmp_path) == 2 << 20
    for cache, width in (
        (48 << 10, 160),
        (32 << 10, 104),
        (1 << 20, 255),
        (1 << 10, 8),
        (None, 104),
    ):
        monkeypatch.setattr(slices, "first_level_cache", lambda cache=cache: cache)
        assert slices.width.__wrapped__() == width


def test_numbers_told_to_the_loops_are_those_they_read():
    from labkit.execution import feed_forward_loops, panel_loops, slice_loops

    assert len(slices.NO_SLICES) == len(slice_loops.SLICES)
    assert panel_loops.MATRIX.index("sum") == slices.SUM
    assert len(slice_loops.SLICES) == len(_slices().numbers(400))
    assert feed_forward_loops.ARGUMENTS[2 : 2 + len(panel_loops.MATRIX)] == tuple(
        f"{part}_1" for part in panel_loops.MATRIX
    )
    assert np.iinfo(np.uint8).max >= max(slices.LONGEST, slice_loops.SLICE_ROWS - 1)
    assert kernels.block_rows([None]) == panel_loops.ROWS
