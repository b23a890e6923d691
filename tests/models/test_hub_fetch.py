"""`labkit.models.hub` as a user's process runs it, against the stand-in: what goes well."""

import ctypes
import hashlib
import os
import shutil
from pathlib import Path

import pytest
from hub_client import run
from hub_material import SIZES, rows, write_checkpoint
from hub_standin import Repo, Standin
from turns import on_day

from labkit.errors import InputError
from labkit.models import hub_cache, sources
from labkit.models.hub import fetch

ROBERTA = sources.HUB_MODELS["roberta"]

FETCH = """
from dataclasses import asdict, astuple
from labkit.models import hub
seen = []
found = hub.fetch(*NAMES, report=lambda p: seen.append(astuple(p)))
give({"found": [asdict(f) | {"path": str(f.path)} for f in found], "seen": seen})
"""
FETCH_ALL = FETCH.replace("NAMES", "[]")
FETCH_ONE = FETCH.replace("NAMES", "[['roberta'], False]")

LOAD = """
from labkit.evaluation.mrpc import load_mrpc
from labkit.models.load import load_model
model, words, spec = load_model("roberta", source="hub", head="fresh")
data = load_mrpc("hub")
give([spec.head, spec.prunable, len(words), {k: list(data[k]["sentence1"]) for k in data}])
"""


def test_fetch_takes_what_is_needed_once_and_reports_it(hub, models, glue, tmp_path):
    first = run(FETCH_ALL, tmp_path, hub.url).value

    assert [f["what"] for f in first["found"]] == ["roberta", "gpt2", "bart", "MRPC"]
    assert not any(f["cached"] for f in first["found"])
    for found, repo in zip(first["found"], [*models.values(), *glue.values()], strict=True):
        files = [p for p in Path(found["path"]).rglob("*") if p.is_file()]
        assert found["bytes"] == sum(p.stat().st_size for p in files)
        for file in files:
            original = repo.folder / file.relative_to(found["path"])
            assert file.read_bytes() == original.read_bytes()
        steps = [(done, total) for what, _, done, total in first["seen"] if what == found["what"]]
        assert steps == sorted(steps)
        assert len(steps) > 2
        assert steps[-1] == (found["bytes"], found["bytes"])
    asked = {path.rpartition("/")[2] for path, _ in hub.downloads()}
    assert asked == {
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        *(f"{split}-00000-of-00001.parquet" for split in SIZES),
    }

    hub.requests.clear()
    second = run(FETCH_ALL, tmp_path, hub.url).value
    assert all(f["cached"] for f in second["found"])
    assert [f["path"] for f in second["found"]] == [f["path"] for f in first["found"]]
    assert second["seen"] == []
    assert hub.requests == []


def test_the_ordinary_clients_find_the_same_and_fetch_nothing_again(hub, tmp_path):
    run(FETCH_ALL, tmp_path, hub.url)
    hub.requests.clear()
    ordinary = run(
        """
import datasets
from huggingface_hub import hf_hub_download
from transformers import AutoTokenizer
datasets.config.USE_PARQUET_EXPORT = False  # that would be another host than the hub
theirs = datasets.load_dataset("nyu-mll/glue", "mrpc")
from labkit.evaluation.mrpc import load_mrpc
ours = load_mrpc("hub")
AutoTokenizer.from_pretrained("FacebookAI/roberta-base")
hf_hub_download("FacebookAI/roberta-base", "model.safetensors")
give([list(theirs) == list(ours),
      *(theirs[k].features == ours[k].features for k in ours),
      *(theirs[k].to_dict() == ours[k].to_dict() for k in ours)])
""",
        tmp_path,
        hub.url,
    )
    assert ordinary.value == [True] * 7
    assert not [path for path, _ in hub.downloads() if path.endswith((".parquet", ".safetensors"))]


@on_day(0, 4)
def test_a_study_of_the_hub_needs_it_once(hub, tmp_path):
    study = f"""
from labkit.study.settings import Settings
from labkit.study.run import run_study
settings = Settings(models=("roberta", "gpt2"), source="hub", head="fresh", levels=(0, 0.9),
                    limit=4, length=8)
results = run_study(settings, {str(tmp_path / "results")!r}).results
give([results["model"].tolist(), results["sparsity"].round(2).tolist(),
      results["runtime_median"].tolist()])
"""
    first = run(study, tmp_path, hub.url).value
    assert first[:2] == [["RoBERTa"] * 2 + ["GPT-2"] * 2, [0.0, 0.9, 0.0, 0.9]]
    hub.down = True
    assert run(study, tmp_path, hub.url).value == first, "the cells of the first run"


def test_a_cache_of_the_ordinary_client_is_used(hub, tmp_path):
    run(
        f"""
from huggingface_hub import snapshot_download
give(snapshot_download("{ROBERTA}"))
""",
        tmp_path,
        hub.url,
    )
    hub.down = True
    assert run(FETCH_ONE, tmp_path, hub.url).value["found"][0]["cached"]


@pytest.mark.full
@pytest.mark.slow
def test_a_checkpoint_of_the_published_shape(glue, tmp_path):
    repo = Repo(write_checkpoint(tmp_path / "full", "roberta", full=True))
    with Standin({ROBERTA: repo}, glue) as hub:
        found = run(
            f"""
from labkit.models.load import load_model
model, _, spec = load_model("roberta", source="hub", head="fresh")
from safetensors import safe_open
with safe_open({str(repo.folder / "model.safetensors")!r}, "pt") as file:
    keys = [k for k in file.keys() if k.startswith("roberta.")]
    state = model.state_dict()
    equal = all(bool((state[k] == file.get_tensor(k)).all()) for k in keys)
give([spec.parameters, spec.prunable, spec.encoder_blocks, len(keys), equal])
""",
            tmp_path,
            hub.url,
        ).value
    shutil.rmtree(tmp_path)  # 1 GB
    assert found == [124_647_170, 84_934_656, 12, 197, True]


def test_cached_model_and_reachable(hub, tmp_path):
    ask = f"""
from labkit.models import hub
give([str(hub.cached_model("{ROBERTA}")), str(hub.cached_mrpc()), hub.reachable()])
"""
    assert run(ask, tmp_path, hub.url).value == ["None", "None", True]
    fetched = run(FETCH_ALL, tmp_path, hub.url).value["found"]
    hub.down = True
    folders = [fetched[0]["path"], f"{fetched[-1]['path']}/mrpc"]
    assert run(ask, tmp_path, hub.url).value == [*folders, False]


def test_a_system_without_links_holds_each_file_once(hub, models, tmp_path):
    found = run(FETCH_ONE, tmp_path, hub.url, HF_HUB_DISABLE_SYMLINKS="1").value["found"][0]
    files = [p for p in (tmp_path / "hf" / "hub").rglob("*") if p.is_file()]
    assert not any(p.is_symlink() for p in files)
    stored = sum(p.stat().st_size for p in files if p.suffix not in (".lock", ".TAG", ".tag"))
    assert found["bytes"] <= stored < 1.1 * found["bytes"]

    weights = Path(found["path"]) / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-7])
    error = run(FETCH_ONE, tmp_path, "http://127.0.0.1:1").error
    assert "model.safetensors has" in error
    hub.requests.clear()
    run(FETCH_ONE, tmp_path, hub.url)
    assert weights.read_bytes() == (models[ROBERTA].folder / weights.name).read_bytes()


def _bind():
    """Take from the superuser the right to write where the mode forbids it (Linux)."""
    if os.geteuid() == 0:
        PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)


BOUND = {"preexec_fn": _bind}

TOUCH = """
import os, pathlib
try:
    (pathlib.Path(os.environ["HF_HOME"]) / "written").touch()
except OSError:
    give(False)
else:
    give(True)
"""


@on_day(2, 4)
def test_load_model_and_load_mrpc_download_and_then_need_no_hub_and_no_write(hub, tmp_path):
    home = tmp_path / "home"
    cold = run(LOAD, home, hub.url)
    assert cold.value[:2] == ["fresh", 4096]
    assert cold.value[3] == {split: rows(split)["sentence1"] for split in SIZES}
    asked = hub.downloads()
    assert sum("/cdn/" in path for path, _ in asked) == 1 + len(SIZES)

    folders = [home, *(p for p in home.rglob("*") if p.is_dir())]
    try:
        for folder in folders:
            folder.chmod(0o555)
        if run(TOUCH, home, hub.url, popen=BOUND).value:
            pytest.skip("this user may write to read-only folders, and cannot give that up")
        hub.down = True
        warm = run(LOAD, home, hub.url, popen=BOUND)
        assert warm.value == cold.value
        assert hub.downloads() == asked

        hub.down = False
        fetch_gpt2 = FETCH.replace("NAMES", "[['gpt2'], False]")
        error = run(fetch_gpt2, home, hub.url, popen=BOUND).error
        assert f"cannot write gpt2 (openai-community/gpt2) to the hub's cache {home}" in error
        assert "Permission denied" in error
        assert "HF_HOME" in error
    finally:
        for folder in folders:
            folder.chmod(0o755)


def test_a_cache_folder_that_is_a_file(hub, tmp_path):
    (tmp_path / "hf").write_text("not a folder")
    error = run(FETCH_ONE, tmp_path, hub.url).error
    assert f"cannot write roberta ({ROBERTA}) to the hub's cache {tmp_path}/hf" in error


def test_an_unknown_name():
    with pytest.raises(InputError, match="no model named 'llama'"):
        fetch(["llama"])


# Listings in the manner of the published repositories: one set of weights for each framework.
COMMON = [".gitattributes", "README.md", "config.json", "flax_model.msgpack", "merges.txt"]
COMMON += ["model.safetensors", "pytorch_model.bin", "rust_model.ot", "tf_model.h5"]
COMMON += ["tokenizer.json", "vocab.json"]
KEPT = ["config.json", "merges.txt", "model.safetensors", "tokenizer.json", "vocab.json"]
SHARDED = ["config.json", *(f"model-0000{n}-of-00002.safetensors" for n in (1, 2))]
SHARDED += ["model.safetensors.index.json", "spiece.model"]


@pytest.mark.parametrize(
    ("listing", "kept"),
    [
        ([*COMMON, "dict.txt"], KEPT),
        (
            [*COMMON, "64.tflite", "onnx/config.json", "onnx/decoder_model.onnx"],
            KEPT,
        ),
        (
            ["config.json", "pytorch_model.bin", "vocab.txt"],
            ["config.json", "pytorch_model.bin", "vocab.txt"],
        ),
        ([*SHARDED, "pytorch_model-00001-of-00001.bin"], SHARDED),
    ],
)
def test_choice_of_files(listing, kept):
    repo = hub_cache.model("some/model")
    assert repo.needed(listing) == kept
    assert repo.missing(listing) == []


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        (["config.json", "tokenizer.json"], ["the weights"]),
        (["config.json", "model.safetensors", "vocab.json"], ["the tokenizer"]),
        (["model.safetensors", "tokenizer.json"], ["config.json"]),
        (
            ["config.json", "tokenizer.json", "model-00001-of-00002.safetensors"],
            ["the weights"],
        ),
    ],
)
def test_what_is_missing(names, missing):
    assert hub_cache.model("some/model").missing(names) == missing


def test_checksums_are_those_of_sha256_and_git(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"what is up, doc?")  # the example of the book Pro Git
    assert hub_cache.mismatch(file, "bd9dbf5aae1a3862dd1526723246b20206e5fc37") == ""
    assert hub_cache.mismatch(file, hashlib.sha256(file.read_bytes()).hexdigest()) == ""
    assert "(16 bytes) has checksum bd9dbf5aae1a…" in hub_cache.mismatch(file, "0" * 40)
    assert "has checksum" in hub_cache.mismatch(file, "0" * 64)
