import gzip
import io
import subprocess

import pandas as pd
import pyarrow as pa
import pytest
import scipy.sparse
import torch
import transformers
import warm
from transformers import LlamaConfig

from labkit.errors import InputError
from labkit.models.load import load_model
from labkit.models.prunable import prunable_layers
from labkit.pruning.prune import prune_global
from labkit.storage.formats import FORMS, compare_formats, format_sizes, formats_table
from labkit.storage.sparse_file import save_sparse


@pytest.mark.parametrize("family", ["roberta", "gpt2"])
def test_sizes_against_files_gzip_and_scipy(tiny, family, tmp_path):
    model = tiny(family)
    prune_global(model, 0.9)
    sizes = format_sizes(model)
    model.save_pretrained(tmp_path)
    dense = (tmp_path / "model.safetensors").read_bytes()
    assert sizes["file_bytes"] == len(dense)
    assert sizes["gzip_bytes"] == pytest.approx(len(gzip.compress(dense)), rel=0.02)
    stream = io.BytesIO()
    with pa.CompressedOutputStream(stream, "zstd") as out:
        out.write(dense)
        out.flush()
        assert sizes["zstd_bytes"] == pytest.approx(stream.tell(), rel=0.02)
    saved = 0
    for layer in prunable_layers(model):
        matrix = scipy.sparse.coo_array(layer.weight.detach().numpy())
        saved += layer.weight.nbytes
        saved -= matrix.data.nbytes + sum(axis.astype("int32").nbytes for axis in matrix.coords)
    assert sizes["coo_bytes"] == len(dense) - saved
    assert sizes["container_bytes"] == save_sparse(model, tmp_path / "x").stat().st_size
    assert list(sizes) == list(FORMS)


def test_levels_are_compared_and_the_model_is_put_back(tiny):
    model = tiny("bart")
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    calls = []
    results = compare_formats(model, "A", (0, 0.5, 0.9), report=lambda *call: calls.append(call))
    assert calls == [("A", done, 3) for done in range(4)]
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert results["level"].tolist() == [0, 0.5, 0.9]
    assert results["sparsity"].tolist() == pytest.approx([0, 0.5, 0.9], abs=1e-3)
    assert results["file_bytes"].nunique() == 1
    for form in ("container_bytes", "csr_bytes", "coo_bytes", "bitmask_bytes", "entropy_bytes"):
        assert results[form].is_monotonic_decreasing
    text = formats_table(results)
    assert text["sparsity"].tolist() == ["0 %", "50 %", "90 %"]
    assert text["CSR (MB)"][2].endswith(
        f" {100 * results.csr_bytes[2] / results.file_bytes[2]:.1f}\N{NO-BREAK SPACE}%"
    )
    with pytest.raises(InputError, match=r"sparsity is 1\.2"):
        compare_formats(model, "A", (0.5, 1.2))


def run(*arguments, **options):
    command = warm.command("labkit.cli", "size", *arguments)
    return subprocess.run(command, capture_output=True, text=True, timeout=300, **options)


def test_the_command_prints_and_saves_the_table(tmp_path):
    result = run("gpt2", "--levels", "0,90%", "--out", tmp_path / "out", cwd=tmp_path)
    assert result.returncode == 0 and result.stderr == "", result.stderr
    for text in (
        "mini GPT-2",
        "90 %",
        "save_sparse (MB)",
        "mask bound (MB)",
        "100.0\N{NO-BREAK SPACE}%",
    ):
        assert text in result.stdout
    table = pd.read_csv(tmp_path / "out/sizes.csv")
    pd.testing.assert_frame_equal(
        table, pd.read_json(tmp_path / "out/sizes.json"), check_dtype=False
    )
    assert table["level"].tolist() == [0, 0.9]
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"sizes.csv", "sizes.json", "size.svg", "size.png", "size.txt"}
    assert "save_sparse" in (tmp_path / "out/size.txt").read_text()


@pytest.mark.parametrize(("kind", "told"), [("LlamaForCausalLM", False), ("LlamaModel", True)])
def test_the_command_measures_the_head_that_a_folder_has(kind, told, tmp_path):
    _, tokenizer, _ = load_model("gpt2", task="text")
    small = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1}
    config = LlamaConfig(**small, num_attention_heads=2, vocab_size=len(tokenizer), pad_token_id=0)
    getattr(transformers, kind)(config).save_pretrained(tmp_path / "mine")
    tokenizer.save_pretrained(tmp_path / "mine")
    result = run("mine", "--levels", "0", "--out", "out", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    found = pd.read_csv(tmp_path / "out/sizes.csv")["file_bytes"].item()
    own = (tmp_path / "mine/model.safetensors").stat().st_size
    assert (found == own) is not told
    assert ("mine: measured with a new classification head" in result.stderr) is told


def test_the_command_takes_a_folder_and_names_what_is_wrong(tiny, tmp_path):
    from transformers import AutoTokenizer

    from labkit.models.sources import mini_checkpoint

    tiny("roberta").save_pretrained(tmp_path / "mine")
    AutoTokenizer.from_pretrained(mini_checkpoint("roberta")).save_pretrained(tmp_path / "mine")
    result = run("mine", "--levels", "0.5", cwd=tmp_path)
    assert result.returncode == 0 and "mine" in result.stdout, result.stderr
    result = run("berd", cwd=tmp_path)
    assert result.returncode == 1
    assert result.stderr.startswith("error: ") and "berd" in result.stderr
