import numpy as np
import pytest
import scipy.sparse
import scipy.stats

from labkit.errors import SourceError
from labkit.models.load import load_model
from labkit.models.prunable import prunable_layers
from labkit.pruning.prune import prune_global
from labkit.storage.size import measure_size


@pytest.mark.parametrize("family", ["roberta", "gpt2", "bart"])
@pytest.mark.parametrize("sparsity", [0, 0.5, 0.95, 1])
def test_sizes_against_files_and_scipy(tiny, family, sparsity, tmp_path):
    model = tiny(family)
    pruning = prune_global(model, sparsity)
    size = measure_size(model)
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
        measure_size(tiny("roberta"))


def test_zeros_save_nothing_in_memory_or_in_a_dense_file(tiny):
    model = tiny("roberta")
    dense = measure_size(model)
    prune_global(model, 0.95)
    pruned = measure_size(model)
    assert (pruned.memory_bytes, pruned.file_bytes) == (dense.memory_bytes, dense.file_bytes)
    assert pruned.zstd_bytes < 0.7 * dense.zstd_bytes
    assert pruned.parameters == dense.parameters == sum(p.numel() for p in model.parameters())


def test_half_precision_counts_two_bytes_a_value(tiny):
    model = tiny("gpt2").half()
    size = measure_size(model)
    assert size.memory_bytes == pytest.approx(2 * size.parameters, rel=0.2)


def test_settings_for_generate_that_contradict_each_other_do_not_matter():
    model, _, _ = load_model("gpt2", task="text")
    expected = measure_size(model)
    model.generation_config.temperature = 0.5  # without do_sample, as some published models
    settings = model.generation_config
    assert measure_size(model) == expected
    assert model.generation_config is settings
