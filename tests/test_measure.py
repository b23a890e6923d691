import numpy as np
import pytest
import scipy.sparse
import scipy.stats
import torch

from labkit import measure
from labkit.errors import InputError, SourceError
from labkit.layers import prunable_layers
from labkit.prune import prune_global


@pytest.mark.parametrize("family", ["roberta", "gpt2", "bart"])
@pytest.mark.parametrize("sparsity", [0, 0.5, 0.95, 1])
def test_sizes_against_files_and_scipy(tiny, family, sparsity, tmp_path):
    model = tiny(family)
    pruning = prune_global(model, sparsity)
    size = measure.measure_size(model)
    model.save_pretrained(tmp_path)
    assert size.file_bytes == (tmp_path / "model.safetensors").stat().st_size
    rest = size.file_bytes - 4 * pruning.total
    csr = mask = 0
    for layer in prunable_layers(model):
        # torch stores a Linear's weight by outputs, Conv1D's by inputs: CSR rows are outputs
        weight = layer.weight.detach().numpy()
        matrix = scipy.sparse.csr_array(weight.T if layer.transposed else weight)
        csr += matrix.data.nbytes + matrix.indices.nbytes + matrix.indptr.nbytes
        mask += matrix.data.nbytes + np.packbits(weight != 0).nbytes
    assert size.csr_bytes == rest + csr
    assert size.bitmask_bytes == rest + mask
    kept = pruning.total - pruning.zeros
    bits = pruning.total * scipy.stats.entropy([sparsity, 1 - sparsity], base=2)
    assert size.entropy_bytes == pytest.approx(rest + 4 * kept + bits / 8, rel=1e-4)
    assert size.prunable_nonzero == kept
    assert size.entropy_bytes <= size.bitmask_bytes


def test_no_room_for_the_temporary_file_is_explained(tiny, full_disk):
    with full_disk(), pytest.raises(SourceError, match=r"temporary copy.*point TMPDIR at another"):
        measure.measure_size(tiny("roberta"))


def test_zeros_save_nothing_in_memory_or_in_a_dense_file(tiny):
    model = tiny("roberta")
    dense = measure.measure_size(model)
    prune_global(model, 0.95)
    pruned = measure.measure_size(model)
    assert (pruned.memory_bytes, pruned.file_bytes) == (dense.memory_bytes, dense.file_bytes)
    assert pruned.zstd_bytes < 0.7 * dense.zstd_bytes
    assert pruned.parameters == dense.parameters == sum(p.numel() for p in model.parameters())


def test_half_precision_counts_two_bytes_a_value(tiny):
    model = tiny("gpt2").half()
    size = measure.measure_size(model)
    assert size.memory_bytes == pytest.approx(2 * size.parameters, rel=0.2)


def test_runtime_states_its_conditions(tiny):
    before = torch.get_num_threads()
    for family in ("roberta", "gpt2", "bart", "t5"):
        runtime = measure.measure_runtime(
            tiny(family), batch_size=2, length=16, repeats=4, warmup=1, threads=1
        )
        assert len(runtime.seconds) == 4 and min(runtime.seconds) > 0
        low, high = runtime.spread
        assert low <= runtime.median <= high
        row = runtime.row()
        assert (row["runtime_batch"], row["runtime_length"], row["runtime_threads"]) == (2, 16, 1)
        assert row["runtime_device"] == "cpu"
    assert torch.get_num_threads() == before


def test_runtime_is_that_of_evaluation(tiny):
    model, modes = tiny("bert").train(), []
    model.register_forward_pre_hook(lambda module, _: modes.append(module.training))
    measure.measure_runtime(model, batch_size=1, length=4, repeats=2, warmup=1)
    assert modes == [False] * 3 and model.training


def test_runtime_refuses_what_cannot_be_measured(tiny):
    for name, value, least in (
        ("repeats", 0, 1),
        ("batch_size", -1, 1),
        ("threads", 0, 1),
        ("warmup", -5, 0),  # would count none of five repeats
    ):
        with pytest.raises(InputError, match=f"{name} is {value}; it must be at least {least}"):
            measure.measure_runtime(tiny("bert"), **{name: value})
    with pytest.raises(InputError, match="has 64 positions"):
        measure.measure_runtime(tiny("bert"), length=100)
