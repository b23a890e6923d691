import copy
import json
import os
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from labkit.errors import InputError, LabkitError, SourceError
from labkit.models.load import load_model
from labkit.pruning.prune import prune_global
from labkit.storage import container, header
from labkit.storage.sparse_file import load_sparse, load_sparse_state, save_sparse


def same_bits(a, b):
    assert a.keys() == b.keys()
    for name, tensor in a.items():
        other = b[name]
        assert (tensor.dtype, tensor.shape) == (other.dtype, other.shape), name
        ours, theirs = (
            t.detach().contiguous().reshape(-1).view(torch.uint8) for t in (tensor, other)
        )
        assert torch.equal(ours, theirs), name


def zeroed(shape, dtype, sparsity, seed=0):
    generator = torch.Generator().manual_seed(seed)
    tensor = torch.randn(shape, generator=generator).to(dtype)
    tensor[torch.rand(shape, generator=generator) < sparsity] = 0
    return tensor


@pytest.mark.parametrize("family", ["roberta", "gpt2", "bart", "t5"])
@pytest.mark.parametrize("sparsity", [0, 0.9])
def test_a_model_comes_back_as_it_was(tiny, family, sparsity, tmp_path):
    model = tiny(family)
    prune_global(model, sparsity)
    path = save_sparse(model, tmp_path / "model.sparse")
    loaded = load_sparse(path)
    assert type(loaded) is type(model) and not loaded.training
    same_bits(model.state_dict(), loaded.state_dict())
    inputs = {"input_ids": torch.tensor([[5, 6, 7, 1, 2]])}  # the end tokens of all families
    with torch.no_grad():
        torch.testing.assert_close(
            loaded(**inputs).logits, model(**inputs).logits, rtol=0, atol=1e-6
        )
    model.save_pretrained(tmp_path / "dense")
    again = type(model).from_pretrained(tmp_path / "dense")
    ours, theirs = loaded.config.to_dict(), again.config.to_dict()
    assert {k for k in ours if ours[k] != theirs[k]} <= {"_name_or_path"}
    shares = [
        {n: id(p) for n, p in m.named_parameters(remove_duplicate=False)} for m in (loaded, again)
    ]
    groups = [{frozenset(n for n in s if s[n] == s[m]) for m in s} for s in shares]
    assert groups[0] == groups[1], "what is tied stays tied"
    if sparsity:
        assert path.stat().st_size < 0.7 * (tmp_path / "dense/model.safetensors").stat().st_size


@pytest.mark.parametrize("family", ["gpt2", "bart"])
def test_a_loaded_model_writes_what_the_saved_one_wrote(family, tmp_path):
    model, _, _ = load_model(family, task="text")
    start = torch.tensor([[5, 6, 7]])
    usual = model.generate(start, max_new_tokens=9)
    for name, value in {"max_new_tokens": 9, "repetition_penalty": 0.5, "num_beams": 2}.items():
        setattr(model.generation_config, name, value)
    wanted = model.generate(start)
    assert wanted.tolist() != usual.tolist()
    loaded = load_sparse(save_sparse(model, tmp_path / "model.sparse"))
    assert loaded.generate(start).tolist() == wanted.tolist()
    ours, theirs = (m.generation_config.to_diff_dict() for m in (loaded, model))
    assert ours == theirs


def test_a_loaded_model_can_be_trained_and_saved_over_its_own_file(tiny, tmp_path):
    model = tiny("gpt2")
    prune_global(model, 0.5)
    path = save_sparse(model, tmp_path / "model.sparse")
    content = path.read_bytes()
    loaded = load_sparse(path).train()
    loaded(input_ids=torch.tensor([[5, 6, 7]]), labels=torch.tensor([1])).loss.backward()
    torch.optim.SGD(loaded.parameters(), lr=0.1).step()
    assert path.read_bytes() == content, "the mapping is private"
    same_bits(load_sparse_state(path), model.state_dict())
    save_sparse(loaded, path)
    same_bits(load_sparse_state(path), loaded.state_dict())
    copy.deepcopy(loaded)


def test_half_precision_models(tiny, tmp_path):
    for dtype in (torch.float16, torch.bfloat16):
        model = tiny("roberta").to(dtype)
        prune_global(model, 0.7)
        loaded = load_sparse(save_sparse(model, tmp_path / "model.sparse"))
        same_bits(model.state_dict(), loaded.state_dict())
        assert loaded.dtype == loaded.config.dtype == dtype


DTYPES = [getattr(torch, name) for name in header.DTYPES.values()]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(DTYPES),
            st.lists(st.integers(0, 7), max_size=3),
            st.floats(0, 1),
            st.integers(0, 2**32),
        ),
        max_size=5,
    )
)
@settings(deadline=None, max_examples=30)
def test_any_state_dict_comes_back_to_the_bit(tmp_path_factory, tensors):
    path = tmp_path_factory.mktemp("any") / "state"
    state = {}
    for number, (dtype, shape, sparsity, seed) in enumerate(tensors):
        rng = np.random.default_rng(seed)
        size = dtype.itemsize * int(np.prod(shape))
        data = rng.integers(0, 2 if dtype == torch.bool else 256, size, dtype=np.uint8)
        data[np.repeat(rng.random(size // dtype.itemsize) < sparsity, dtype.itemsize)] = 0
        tensor = torch.from_numpy(data).view(dtype) if size else torch.empty(0, dtype=dtype)
        state[f"layer.{number}"] = tensor.reshape(shape)
    save_sparse(state, path)
    same_bits(load_sparse_state(path), state)
    safetensors.torch.load_file(path)  # any reader of the format opens it


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_special_values_and_shapes(dtype, tmp_path):
    integer = {2: torch.int16, 4: torch.int32, 8: torch.int64}[dtype.itemsize]
    special = zeroed((40, 50), dtype, 0.9)
    special[0, :5] = torch.tensor([-0.0, torch.nan, torch.inf, -torch.inf, 1e-45]).to(dtype)
    special.view(integer)[1, 0] = -3  # a NaN with a payload
    special.view(integer)[2, 1] = 1  # the smallest subnormal number
    state = {
        "special": special,
        "transposed": special.t(),
        "every other": special[::2, ::3],
        "zeros": torch.zeros(2_000, 600, dtype=dtype),
        "minus zeros": torch.full((300,), -0.0, dtype=dtype),
        "ones": torch.ones(77, dtype=dtype),
        "two chunks": zeroed((1_100, 1_000), dtype, 0.97),
        "scalar": torch.tensor(1.5, dtype=dtype),
        "zero": torch.tensor(0.0, dtype=dtype),
        "empty": torch.zeros(0, 3, dtype=dtype),
    }
    path = save_sparse(state, tmp_path / "state")
    back = load_sparse_state(path)
    same_bits(state, back)
    assert back["special"].view(integer)[1, 0] == -3
    assert path.stat().st_size < 40_000 + 80_000 * dtype.itemsize


def test_the_compiled_way_reads_the_same(tmp_path, monkeypatch):
    state = {
        "w": zeroed((1_500, 1_000), torch.float32, 0.9),
        "h": zeroed((800, 900), torch.half, 0.4),
    }
    path = save_sparse(state, tmp_path / "state")
    same_bits(state, load_sparse_state(path))
    import numba  # noqa: F401

    monkeypatch.setattr(container, "_LARGE", 0)
    same_bits(state, load_sparse_state(path))


@pytest.mark.parametrize("sparsity", [0.5, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_size_is_within_five_percent_of_the_bound(sparsity, dtype, tmp_path):
    rng = np.random.default_rng(0)
    shape = (1_024, 3_072)
    size = dtype.itemsize
    bits = rng.integers(1, 256**size, shape, dtype=np.uint64).astype(f"u{size}")
    bits[rng.random(shape) < sparsity] = 0
    state = {"w": torch.from_numpy(bits).view(dtype), "rest": torch.randn(1_000)}
    path = save_sparse(state, tmp_path / "state")
    kept = np.count_nonzero(bits)
    share = kept / bits.size
    entropy = -share * np.log2(share) - (1 - share) * np.log2(1 - share)
    bound = bits.size * entropy / 8 + kept * size + 4_000
    assert path.stat().st_size <= 1.05 * bound


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second, self.other = (nn.Linear(30, 30) for _ in range(3))
        self.second.weight = self.first.weight
        self.register_buffer("steps", torch.tensor(7))


def test_a_module_of_ones_own_is_filled_in_place(tmp_path):
    torch.manual_seed(0)
    module, target = Shared(), Shared()
    path = save_sparse(module, tmp_path / "module")
    parameter = target.first.weight
    assert load_sparse(path, target) is target and target.first.weight is parameter
    same_bits(module.state_dict(), target.state_dict())
    state = load_sparse_state(path)
    assert state["first.weight"] is state["second.weight"]
    assert path.stat().st_size < 4 * (2 * 900 + 90) + 1_500, "shared weights are stored once"
    with pytest.raises(InputError, match=r"does not say .* load_sparse\(path, model\)"):
        load_sparse(path)
    with pytest.raises(InputError, match="not of this model: 9 tensors differ"):
        load_sparse(path, nn.Linear(3, 3))
    with pytest.raises(InputError, match="not of this model"):
        load_sparse(path, Shared().double())
    with pytest.raises(InputError, match="of the model is on the device meta"):
        load_sparse(path, Shared().to("meta"))
    same_bits(module.state_dict(), target.state_dict())


@pytest.mark.parametrize(
    "tensor",
    [
        torch.zeros(3, dtype=torch.complex64),
        torch.eye(3).to_sparse(),
        torch.zeros(3, device="meta"),
        "text",
    ],
)
def test_what_has_no_form_is_named_and_the_old_file_stays(tensor, tmp_path):
    path = tmp_path / "state"
    path.write_text("old")
    with pytest.raises(InputError, match=r"layer\.odd is a"):
        save_sparse({"layer.odd": tensor}, path)
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = save_sparse({"w": torch.ones(3)}, tmp_path / "state")
    real = Path.open
    monkeypatch.setattr(
        Path,
        "open",
        lambda p, mode="r", *a: real(Path("/dev/full") if "w" in mode else p, mode, *a),
    )
    with pytest.raises(SourceError, match="No space left"):
        save_sparse({"w": torch.zeros(300_000)}, path)
    monkeypatch.undo()
    assert load_sparse_state(path)["w"].tolist() == [1, 1, 1] and len(list(tmp_path.iterdir())) == 1


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    state = {
        "sparse": zeroed((40, 50), torch.float32, 0.9),
        "dense": zeroed((60,), torch.bfloat16, 0),
        "wide": zeroed((30,), torch.float64, 0),
        "none": torch.zeros(0),
    }
    state["again"] = state["sparse"]
    path = save_sparse(state, tmp_path_factory.mktemp("small") / "state")
    return path.read_bytes()


def test_every_changed_byte_is_found(small, tmp_path):
    path = tmp_path / "broken"
    for place in range(len(small)):
        for change in (0x01, 0x20, 0xFF):
            broken = bytearray(small)
            broken[place] ^= change
            path.write_bytes(broken)
            with pytest.raises(LabkitError, match="broken"):
                load_sparse_state(path)


def test_every_cut_and_every_addition_is_found(small, tmp_path):
    path = tmp_path / "broken"
    for length in range(0, len(small), 3):
        path.write_bytes(small[:length])
        with pytest.raises(SourceError, match=r"broken is cut off.*copy it again"):
            load_sparse_state(path)
    path.write_bytes(small + b"\0")
    with pytest.raises(SourceError, match="cut off, altered"):
        load_sparse_state(path)


def rewritten(data, change):
    """The file with `change` made to its header, checksum and all: what only a forger does."""
    import xxhash

    length = int.from_bytes(data[:8], "little")
    table = json.loads(data[8 : 8 + length])
    change(table)
    table["__metadata__"]["xxh3"] = "0" * 8
    header = json.dumps(table, separators=(",", ":")).encode()
    header = header.replace(b"0" * 8, b"%08x" % (xxhash.xxh3_64_intdigest(header) & 0xFFFFFFFF), 1)
    return struct.pack("<Q", len(header)) + header + data[8 + length :]


def set_shape(shape):
    def change(table):
        table["__metadata__"]["sparse"] = json.dumps({"sparse": ["F32", shape]})

    return change


@pytest.mark.parametrize(
    "change",
    [
        set_shape([1 << 60]),
        set_shape([-40, -50]),
        set_shape(["many"]),
        set_shape([2_000_000]),
        lambda t: t["dense"].update(dtype="F99"),
        lambda t: t["dense"].update(shape=[1 << 60]),
        lambda t: t["dense"].update(data_offsets=[0, 1 << 60]),
        lambda t: t["dense"].update(data_offsets=[0]),
        lambda t: t["__metadata__"].update(tied='{"again": "gone"}'),
        lambda t: t["__metadata__"].pop("checksums"),
        lambda t: t["__metadata__"].update(checksums="{}"),
        lambda t: t["__metadata__"].update(sparse="[]"),
    ],
)
def test_a_forged_header_is_an_error_and_takes_no_memory(change, small, tmp_path):
    path = tmp_path / "forged"
    path.write_bytes(rewritten(small, lambda table: None))
    load_sparse_state(path)
    path.write_bytes(rewritten(small, change))
    with pytest.raises(SourceError, match="forged is cut off, altered"):
        load_sparse_state(path)


def test_foreign_files_and_newer_versions_are_told_apart(small, tmp_path):
    path = tmp_path / "file"
    for content in (b"", b"\x80", b"PK\x03\x04" + bytes(100), b"\xff" * 100, b"{}" * 50):
        path.write_bytes(content)
        with pytest.raises(SourceError, match="no sparse model file"):
            load_sparse(path)
    torch.save({"w": torch.ones(3)}, path)
    with pytest.raises(SourceError, match="no sparse model file"):
        load_sparse(path)
    safetensors.torch.save_file({"w": torch.ones(3)}, path, metadata={"format": "pt"})
    with pytest.raises(InputError, match="ordinary safetensors file with from_pretrained"):
        load_sparse(path)
    path.write_bytes(rewritten(small, lambda t: t["__metadata__"].update(version="2")))
    with pytest.raises(InputError, match=r"version 2 .*update labkit"):
        load_sparse(path)
    for missing in (tmp_path / "none", tmp_path):
        with pytest.raises(SourceError, match=f"cannot read {missing}"):
            load_sparse(missing)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_writing_takes_little_memory(tmp_path):
    """Packed chunks must not pile up: peak memory of a process that saves 240 MB of tensors."""
    import subprocess

    code = (
        "import resource, sys, torch\n"
        "from labkit.storage import sparse_file\n"
        "state = {n: torch.randint(1, 2**31, (15_000_000,), dtype=torch.int32) for n in 'abcd'}\n"
        "for t in state.values(): t[::2] = 0\n"
        "sparse_file.save_sparse({'w': torch.zeros(3_000_000)}, sys.argv[1])\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024\n"
        "before = peak()\n"
        "sparse_file.save_sparse(state, sys.argv[1])\n"
        "print(peak() - before)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "state")],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"OMP_NUM_THREADS": "2"},
    )
    assert int(run.stdout) < 120


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's count of resident pages")
def test_what_stays_of_a_file_holds_no_more_memory_than_it_needs(tmp_path):
    matrix = torch.zeros(4096, 4096)
    matrix[::97, ::89] = 1
    module = nn.Linear(4096, 4096)
    with torch.no_grad():
        module.weight.copy_(matrix)
        module.bias.zero_()  # is sparse as well, and stays when the matrix goes
    save_sparse(module, tmp_path / "file")
    state = load_sparse_state(tmp_path / "file")
    assert torch.equal(state["weight"], matrix)
    before = resident()
    del state["weight"]
    assert before - resident() > matrix.nbytes / 2
    assert not state["bias"].any()


def resident():
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
