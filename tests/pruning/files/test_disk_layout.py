"""Checkpoints whose weights have other names, shapes or cuts on disk than in memory."""

import json
import re

import mixtures
import pytest
import torch
from safetensors.torch import load_file, save_file

from labkit.errors import SourceError
from labkit.pruning.files import prunable_names
from labkit.pruning.files.checkpoint import open_checkpoint
from labkit.pruning.files.prune_file import prune_files
from labkit.pruning.prune import prune_global


def assert_pruned_alike(kind, folder, out, sparsity):
    expected = kind.from_pretrained(folder, dtype="auto")
    pruning = prune_global(expected, sparsity)
    found = kind.from_pretrained(out, dtype="auto").state_dict()
    for name, tensor in expected.state_dict().items():
        assert torch.equal(found[name], tensor), name
    return pruning


# bfloat16: many weights are equal, so that the order on disk decides which of them go.
@pytest.mark.parametrize(
    "name",
    [
        "mixtral",
        "gemma3",
        "nomic_bert",
        *(pytest.param(name, marks=pytest.mark.full) for name in mixtures.MIXTURES[1:]),
    ],
)
def test_disk_and_memory_prune_the_same_weights(name, tmp_path):
    model = mixtures.make(name).to(torch.bfloat16)
    model.save_pretrained(tmp_path / "in")
    done = prune_files(tmp_path / "in", tmp_path / "out", 0.5)
    pruning = assert_pruned_alike(type(model), tmp_path / "in", tmp_path / "out", 0.5)
    assert (done.dropped, done.total) == (pruning.zeros, pruning.total)


def placed(folder):
    """What the process that knows torch would answer, without starting it."""
    return prunable_names._build(str(folder), list(open_checkpoint(folder).tensors))


def test_experts_are_matrices_of_their_own_on_disk(tmp_path):
    mixtures.make("mixtral").save_pretrained(tmp_path)
    found = {name: places[0] for name, places in placed(tmp_path)["parameters"]}
    experts = "model.layers.0.mlp.experts"
    own = [piece.name.rpartition("experts.")[2] for piece in found[f"{experts}.gate_up_proj"]]
    assert own == [f"{e}.{w}.weight" for e in range(mixtures.EXPERTS) for w in ("w1", "w3")]
    own = [piece.name.rpartition("experts.")[2] for piece in found[f"{experts}.down_proj"]]
    assert own == [f"{e}.w2.weight" for e in range(mixtures.EXPERTS)]
    assert not any("gate.weight" in name for name in found), "the router is left as it is"


def test_names_of_memory_on_disk_are_found_too(tmp_path):
    """A file that was written without transformers' conversion: names and shapes as in memory."""
    model = mixtures.make("qwen3_moe")
    model.save_pretrained(tmp_path / "in")
    (tmp_path / "in/model.safetensors").unlink()
    save_file(model.state_dict(), tmp_path / "in/model.safetensors", {"format": "pt"})
    prune_files(tmp_path / "in", tmp_path / "out", 0.9)
    prune_global(model, 0.9)
    found = load_file(tmp_path / "out/model.safetensors")
    for name, tensor in model.state_dict().items():
        assert torch.equal(found[name], tensor), name


def test_what_lies_in_another_order_is_refused(tmp_path):
    model = mixtures.make("mixtral")
    model.save_pretrained(tmp_path / "in")
    file = tmp_path / "in/model.safetensors"
    tensors = load_file(file)
    name = next(name for name in tensors if name.endswith("experts.0.w2.weight"))
    tensors[name] = tensors[name].t().contiguous()
    save_file(tensors, file, {"format": "pt"})
    with pytest.raises(SourceError, match=r"experts\.down_proj .*another shape or order: prune it"):
        prune_files(tmp_path / "in", tmp_path / "out", 0.9)
    assert not (tmp_path / "out").exists()


def test_much_that_is_left_out_is_told(tmp_path):
    mixtures.make("gpt_oss").save_pretrained(tmp_path)
    remark = placed(tmp_path)["remark"]
    assert remark.startswith("GptOssForCausalLM: 2.7% of the weights") and "bias" in remark


def test_blocks_that_the_model_has_no_place_for_are_told(tiny, tmp_path):
    tiny("gpt2").save_pretrained(tmp_path / "in")
    config = json.loads((tmp_path / "in/config.json").read_text())
    assert not prune_files(tmp_path / "in", tmp_path / "all", 0.5).remark
    (tmp_path / "in/config.json").write_text(json.dumps(config | {"n_layer": 1}))
    done = prune_files(tmp_path / "in", tmp_path / "out", 0.5)
    assert re.search(r"tensors of blocks .* not pruned, transformer\.h\.1\.", done.remark)


def test_a_folder_with_nothing_but_an_adapter_is_refused(tmp_path):
    (tmp_path / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA"}))
    save_file(
        {"base_model.model.layers.0.q.lora_A.weight": torch.randn(4, 8)},
        tmp_path / "adapter_model.safetensors",
    )
    for place in (tmp_path, tmp_path / "adapter_model.safetensors"):
        with pytest.raises(SourceError, match=r"adapter.*merge_and_unload\(\)"):
            prune_files(place, tmp_path.parent / "out", 0.5)
