import json
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
import warm
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoModelForSequenceClassification

from labkit.errors import InputError, SourceError
from labkit.models import sources
from labkit.pruning.files import checkpoint, shards
from labkit.pruning.files.prune_file import prune_files
from labkit.pruning.masks import global_masks
from labkit.pruning.prune import prune_global


@pytest.fixture
def small_ranges(monkeypatch):
    """Many ranges and pieces also for small files."""
    monkeypatch.setattr(shards, "RANGE", 1 << 14)
    monkeypatch.setattr(shards, "_PIECE", 1 << 12)


def same(one, other):
    """Equal to the bit: +0.0 and -0.0 differ."""
    bits = {2: torch.int16, 4: torch.int32, 8: torch.int64}
    return one.dtype == other.dtype and torch.equal(
        one.contiguous().view(bits[one.element_size()]),
        other.contiguous().view(bits[one.element_size()]),
    )


def assert_pruned_alike(folder, out, sparsity, kind=AutoModelForSequenceClassification):
    expected = kind.from_pretrained(folder)
    prune_global(expected, sparsity)
    found = kind.from_pretrained(out).state_dict()
    for name, tensor in expected.state_dict().items():
        assert tensor.dtype == torch.int64 or same(found[name], tensor), name


@pytest.mark.parametrize(("name", "sparsity"), [("roberta", 0.9), ("gpt2", 0.5), ("bart", 0.99)])
def test_the_zoo_is_pruned_as_in_memory(name, sparsity, tmp_path, small_ranges):
    folder, out = sources.mini_checkpoint(name), tmp_path / "out"
    done = prune_files(folder, out, sparsity)
    assert done.dropped == round(sparsity * done.total)
    assert_pruned_alike(folder, out, sparsity)
    for file in folder.iterdir():
        assert (out / file.name).exists()
        assert file.suffix == ".safetensors" or file.read_bytes() == (out / file.name).read_bytes()
    with safe_open(out / "model.safetensors", "pt") as file:
        assert file.metadata() == {"format": "pt"}


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_a_sharded_checkpoint_full_of_ties(tiny, dtype, tmp_path, small_ranges):
    folder, out = tmp_path / "in", tmp_path / "out"
    tiny("bart").to(dtype).save_pretrained(folder, max_shard_size="100KB")
    assert len(list(folder.glob("*.safetensors"))) > 2
    (folder / "pytorch_model.bin").write_text("the dense weights in another format")
    done = prune_files(folder, out, 0.5)
    assert_pruned_alike(folder, out, 0.5)
    assert [path.name for path in done.checkpoint.left_out] == ["pytorch_model.bin"]
    assert not (out / "pytorch_model.bin").exists()


def test_a_whole_file_goes_before_the_index_of_earlier_shards(tiny, tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    model = tiny("bart")
    model.save_pretrained(folder, max_shard_size="100KB")
    shards_of_before = {path.name for path in folder.glob("*-of-*")}
    kept = {name: (folder / name).read_bytes() for name in shards_of_before}
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(-2)
    model.save_pretrained(folder)  # deletes the shards, and leaves their index
    (folder / "pytorch_model.bin.index.json").write_text("{}")
    unread = {"model.safetensors.index.json", "pytorch_model.bin.index.json"}
    for number, files in enumerate(({}, kept)):  # and where the shards were copied back
        for name, data in files.items():
            (folder / name).write_bytes(data)
        done = prune_files(folder, out / str(number), 0.5)
        assert_pruned_alike(folder, out / str(number), 0.5)
        assert {path.name for path in done.checkpoint.left_out} == unread | {*files}
        assert not {path.name for path in (out / str(number)).iterdir()} & (unread | {*files})


def test_a_body_saved_without_its_head(tiny, tmp_path):
    tiny("gpt2").base_model.save_pretrained(tmp_path / "in")
    config = json.loads((tmp_path / "in/config.json").read_text())
    config["architectures"] = ["GPT2LMHeadModel"]  # names its weights transformer.h...
    (tmp_path / "in/config.json").write_text(json.dumps(config))
    prune_files(tmp_path / "in", tmp_path / "out", 0.9)
    assert_pruned_alike(tmp_path / "in", tmp_path / "out", 0.9, AutoModel)


MIXED = {
    "layers.10.weight": torch.float32,
    "layers.2.weight": torch.float16,
    "layers.3.weight": torch.bfloat16,
    "layers.4.weight": torch.float32,
}


@pytest.mark.parametrize("last", [torch.float32, torch.float64])
@pytest.mark.parametrize("sparsity", [0, 0.37, 1])
def test_a_bare_file_of_mixed_dtypes(last, sparsity, tmp_path, small_ranges):
    torch.manual_seed(0)
    tensors = {
        name: (torch.randn(99, 130) * 0.02).to(torch.bfloat16).to(dtype)
        for name, dtype in {**MIXED, "layers.4.weight": last}.items()
    }
    others = {"embed.weight": torch.randn(50, 8), "layers.2.bias": torch.randn(8)}
    others["layers.2.steps"] = torch.arange(12).reshape(3, 4)
    file, out = tmp_path / "some.safetensors", tmp_path / "out.safetensors"
    save_file(tensors | others, file)
    done = prune_files(file, out, sparsity)
    order = sorted(tensors, key=lambda name: int(name.split(".")[1]))
    assert [tensor.name for tensor in done.tensors] == order
    masks = global_masks({name: tensors[name] for name in order}, sparsity)
    found = load_file(out)
    for name, tensor in tensors.items():
        assert same(found[name], tensor.masked_fill(~masks[name], 0.0))
    for name, tensor in others.items():
        assert torch.equal(found[name], tensor)


GPTQ = {"qweight": torch.int32, "qzeros": torch.int32, "scales": torch.float16}
COMPRESSED = {"weight_packed": torch.int32, "weight_scale": torch.bfloat16}


@pytest.mark.parametrize(
    "layer",
    [
        GPTQ,
        COMPRESSED,
        {"weight": torch.int8, "weight_scale": torch.float32},
        {"weight": torch.int8, "SCB": torch.float32},
        {"weight": torch.uint8, "weight.absmax": torch.float32, "weight.quant_map": torch.float32},
    ],
)
def test_factors_of_quantised_weights_are_not_taken_for_weights(layer, tmp_path):
    file = tmp_path / "some.safetensors"
    parts = {f"layers.1.up.{name}": torch.ones(4, 8).to(dtype) for name, dtype in layer.items()}
    tensors = {"layers.0.up.weight": torch.randn(8, 8), "layers.0.steps": torch.arange(8)}
    save_file(tensors, file)
    assert prune_files(file, tmp_path / "plain", 0.5).total == 64
    save_file(tensors | parts, file)
    with pytest.raises(InputError, match=r"layers\.1\.up\..*quantised"):
        prune_files(file, tmp_path / "out", 0.5)
    done = prune_files(file, tmp_path / "out", 0.5, include=r"layers\.0\..*weight")
    assert [tensor.name for tensor in done.tensors] == ["layers.0.up.weight"]


def test_experts_in_a_bare_file_are_told_of(tmp_path):
    file = tmp_path / "some.safetensors"
    experts = {
        "layers.0.experts.up": torch.randn(4, 8, 8),
        "layers.1.experts.up": torch.ones(2, 8, 8),
    }
    save_file({"layers.0.q.weight": torch.randn(16, 8), **experts}, file)
    done = prune_files(file, tmp_path / "out", 0.5)
    assert done.total == 128
    assert "75.0% of the weights" in done.remark and "layers.0.experts.up" in done.remark
    done = prune_files(file, tmp_path / "all", 0.5, include="weight|experts")
    assert done.total == 512 and not done.remark


def test_include_chooses_the_tensors(tmp_path):
    file = tmp_path / "a.safetensors"
    save_file({"embed.weight": torch.randn(50, 8), "layers.2.weight": torch.randn(8, 8)}, file)
    chosen = checkpoint.prunable_tensors(checkpoint.open_checkpoint(file), "embed")
    assert [tensor.name for tensor in chosen] == ["embed.weight"]
    with pytest.raises(InputError, match="no regular expression"):
        prune_files(file, tmp_path / "out", 0.5, include="(")
    with pytest.raises(InputError, match=r"no floating-point tensor.*nothing"):
        prune_files(file, tmp_path / "out", 0.5, include="nothing")


@pytest.fixture
def one(tmp_path):
    file = tmp_path / "in" / "one.safetensors"
    file.parent.mkdir()
    save_file({"layers.0.weight": torch.randn(300, 300)}, file)
    return file


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: b"",
        lambda raw: raw[:5],
        lambda raw: raw[:40],
        lambda raw: raw[:-1],
        lambda raw: raw + b"0",
        lambda raw: b"\xff" * 8 + raw[8:],
        lambda raw: raw[:8] + b"[" + raw[9:],
        lambda raw: raw.replace(b'"F32"', b'"F16"'),
        lambda raw: raw.replace(b"[300,300]", b"[300,301]"),
        lambda raw: raw.replace(b"[300,300]", b"[-300,-300]"),
        lambda raw: raw.replace(b"[300,300]", b"[1e999]"),
        lambda raw: raw.replace(b'"F32"', b'["F"]'),
        lambda raw: (100_000).to_bytes(8, "little") + b"[" * 100_000,
        lambda raw: raw.replace(b"data_offsets", b"data_offzets"),
        lambda raw: b"PK\x03\x04 no safetensors at all" * 9,
    ],
)
def test_a_damaged_file_is_named(one, damage, tmp_path):
    one.write_bytes(damage(one.read_bytes()))
    with pytest.raises(SourceError, match=re.escape(str(one))):
        prune_files(one, tmp_path / "out", 0.5)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_what_is_not_there_or_does_not_fit_is_named(one, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(SourceError, match="not there"):
        prune_files(tmp_path / "nothing", out, 0.5)
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="save_pretrained"):
        prune_files(tmp_path / "empty", out, 0.5)
    folder = tmp_path / "zoo"
    shutil.copytree(sources.mini_checkpoint("roberta"), folder)
    shutil.copyfile(one, folder / "model.safetensors")
    with pytest.raises(SourceError, match=r"lacks the weight roberta\.encoder\.layer\.0"):
        prune_files(folder, out, 0.5)
    (folder / "config.json").write_text('{"model_type": "never heard of"}')
    with pytest.raises(SourceError, match=r"cannot build the model of .*config\.json"):
        prune_files(folder, out, 0.5)
    (folder / "model.safetensors").rename(folder / "part.safetensors")
    index = {"weight_map": {"layers.0.weight": "part.safetensors", "b": "part.safetensors"}}
    (folder / checkpoint.INDEX).write_text(json.dumps(index))
    with pytest.raises(SourceError, match=r"places b in part\.safetensors"):
        prune_files(folder, out, 0.5)
    (folder / checkpoint.INDEX).write_text(json.dumps({"weight_map": {"b": "../one.safetensors"}}))
    with pytest.raises(SourceError, match="damaged"):
        prune_files(folder, out, 0.5)
    (folder / checkpoint.INDEX).write_text("[" * 100_000)
    with pytest.raises(SourceError, match=r"index\.json is damaged"):
        prune_files(folder, out, 0.5)
    assert not out.exists()


def test_places_that_overlap_or_are_taken_are_refused(one, tmp_path):
    taken = tmp_path / "taken"
    taken.write_text("mine")
    with pytest.raises(InputError, match="overlap"):
        prune_files(one, one, 0.5, force=True)
    with pytest.raises(InputError, match="overlap"):
        prune_files(one, tmp_path, 0.5, force=True)
    with pytest.raises(InputError, match="--force"):
        prune_files(one, taken, 0.5)
    assert taken.read_text() == "mine"
    prune_files(one, taken, 0.5, force=True)
    assert (load_file(taken)["layers.0.weight"] == 0).sum() == 45_000
    with pytest.raises(InputError, match="both be files or both be folders"):
        prune_files(sources.mini_checkpoint("roberta"), taken, 0.5, force=True)


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "old").write_text("old")
    prune_files(sources.mini_checkpoint("roberta"), out, 0.5, include="dense", force=True)
    assert not (out / "old").exists() and (out / "config.json").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("sparsity", [0, 0.5])
def test_nan_is_named_and_nothing_is_written(tmp_path, sparsity):
    file = tmp_path / "in.safetensors"
    save_file({"a.0.w": torch.ones(9, 9), "a.1.w": torch.full((9, 9), float("nan"))}, file)
    with pytest.raises(InputError, match=r"a\.1\.w in .*in\.safetensors"):
        prune_files(file, tmp_path / "out", sparsity)
    assert [path.name for path in tmp_path.iterdir()] == ["in.safetensors"]


def test_a_full_disk_leaves_nothing(one, tmp_path):
    # A limit on the size of files stands in for a disk that fills up while it is written.
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    command = [sys.executable, "-m", "labkit.cli", "prune", str(one), str(tmp_path / "out")]
    done = subprocess.run(command, preexec_fn=limit, capture_output=True, text=True)
    assert done.returncode == 1 and f"cannot write {tmp_path / 'out'}" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_dry_run_lists_what_would_be_pruned(tmp_path):
    command = warm.command("labkit.cli", "prune")
    folder = str(sources.mini_checkpoint("bart"))
    done = subprocess.run([*command, folder, "--dry-run"], capture_output=True, text=True)
    assert "model.decoder.layers.0.encoder_attn.k_proj.weight" in done.stdout
    assert "1,376,256 weights in 48 tensors" in done.stdout
    missing = subprocess.run([*command, folder], capture_output=True, text=True)
    assert missing.returncode == 1 and "labkit prune IN OUT" in missing.stderr


def big_file(path, tensors, size):
    """A file of equal tensors of random fp32 weights; returns the one tensor."""
    block = np.random.default_rng(0).standard_normal(size, dtype=np.float32)
    header = {
        f"layers.{i}.weight": {
            "dtype": "F32",
            "shape": [size // 1024, 1024],
            "data_offsets": [4 * size * i, 4 * size * (i + 1)],
        }
        for i in range(tensors)
    }
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _ in range(tensors):
            file.write(block)
    return block, 8 + len(text)


def test_ctrl_c_leaves_nothing(tmp_path):
    big_file(tmp_path / "in.safetensors", 100, 1 << 20)
    command = warm.command("labkit.cli", "prune", "in.safetensors", "out")
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob(".*.partial*")) and time.monotonic() < deadline:
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "out was not written" in errors and "Traceback" not in errors
    assert [path.name for path in tmp_path.iterdir()] == ["in.safetensors"]


@pytest.mark.slow
@pytest.mark.parametrize("gigabytes", [1, pytest.param(4, marks=pytest.mark.full)])
def test_gigabytes_in_little_memory(gigabytes, tmp_path):
    count, size = 16 * gigabytes, 1 << 24
    free = shutil.disk_usage(tmp_path).free
    if free < 2.5e9 * gigabytes or not Path("/proc/self/status").exists():
        pytest.skip("needs free disk for two such files, and Linux to tell the peak of memory")
    block, offset = big_file(tmp_path / "in.safetensors", count, size)
    try:
        assert (tmp_path / "in.safetensors").stat().st_size > gigabytes * 1024**3
        # Not ru_maxrss: it counts what this process held when it started the other.
        code = (
            "import sys; from labkit.cli import app; app(sys.argv[1:], standalone_mode=False); "
            "print(next(line for line in open('/proc/self/status') if 'VmHWM' in line))"
        )
        command = [sys.executable, "-c", code, "prune", "in.safetensors", "out.safetensors"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert int(done.stdout.split()[-2]) * 1024 < 400e6
        # All tensors are equal: each weight stands there `count` times, and the tie is cut within.
        rank = round(0.9 * count * size)
        cut = np.partition(abs(block), rank // count)[rank // count]
        pruned = np.where(abs(block) > cut, block, 0)
        left = np.count_nonzero(abs(block) <= cut) * count - rank
        zeros = 0
        for number in range(count):
            with (tmp_path / "out.safetensors").open("rb") as file:
                file.seek(offset + 4 * size * number)
                found = np.fromfile(file, np.float32, size)
            zeros += size - np.count_nonzero(found)
            differ = np.flatnonzero(found != pruned)
            assert (abs(block[differ]) == cut).all() and (found[differ] == block[differ]).all()
            assert len(differ) == (number >= count - left), "of equal weights the first go"
        assert zeros == rank
    finally:
        for file in tmp_path.glob("*.safetensors"):
            file.unlink()
