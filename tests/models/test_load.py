import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import LlamaConfig, LlamaForTokenClassification
from transformers.utils import logging

from labkit import load_model
from labkit.errors import InputError, SourceError
from labkit.models import load, sources

FAMILY = {"roberta": "encoder", "gpt2": "decoder", "bart": "encoder-decoder"}


def state(model):
    return {name: p.clone() for name, p in model.state_dict().items()}


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


@pytest.mark.parametrize("name", sources.MODEL_NAMES)
def test_mini(name):
    model, tokenizer, spec = load_model(name)
    assert (spec.name, spec.source, spec.head) == (name, "mini", "trained")
    assert spec.family == FAMILY[name]
    assert spec.title.startswith("mini "), "a mini model is never passed off as the real one"
    assert spec.encoder_blocks + spec.decoder_blocks == spec.blocks >= 4
    assert not model.training and model.dtype == torch.float32
    assert tokenizer.padding_side == "right"
    assert model.config.pad_token_id == tokenizer.pad_token_id is not None


def test_random_has_the_published_shape_and_is_seeded():
    model, _, spec = load_model("roberta", "random", seed=3)
    assert (spec.parameters, spec.prunable, spec.encoder_blocks) == (124_647_170, 84_934_656, 12)
    assert "random weights" in spec.title and spec.head == "fresh"
    first = model.classifier.dense.weight[0, :5].tolist()
    again = load_model("roberta", "random", seed=3).model
    assert again.classifier.dense.weight[0, :5].tolist() == first
    with pytest.raises(InputError, match="no trained head"):
        load_model("roberta", "random", head="trained")


@pytest.mark.parametrize("name", sources.MODEL_NAMES)
def test_a_fresh_head_is_seeded_and_the_body_stays(name):
    trained = state(load_model(name).model)
    fresh = state(load_model(name, head="fresh", seed=1).model)
    assert same(fresh, state(load_model(name, head="fresh", seed=1).model))
    assert not same(fresh, state(load_model(name, head="fresh", seed=2).model))
    changed = {key for key in trained if not torch.equal(trained[key], fresh[key])}
    assert changed and all(k.startswith(("classifier", "score", "classification")) for k in changed)


def test_loading_touches_neither_global_seed_nor_logging():
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    verbosity = logging.get_verbosity()
    load_model("gpt2", head="fresh")
    assert torch.equal(torch.rand(3), expected)
    assert logging.get_verbosity() == verbosity


@pytest.mark.parametrize("family", ["bert", "t5"])
def test_a_folder_of_another_family(tiny, family, tmp_path):
    folder = tmp_path / "mine"
    tiny(family).save_pretrained(folder)
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(sources.mini_checkpoint("roberta") / file, folder)
    _, _, spec = load_model("anything", folder)
    assert (spec.title, spec.model_type, spec.head) == ("anything", family, "trained")


@pytest.fixture
def copied(tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(sources.mini_checkpoint("roberta"), folder)
    return folder


def test_a_body_without_head_gets_a_fresh_one(copied):
    load_model("x", copied).model.base_model.save_pretrained(copied)
    assert load_model("x", copied).spec.head == "fresh"
    with pytest.raises(SourceError, match="no trained classification head"):
        load_model("x", copied, head="trained")


def test_the_head_of_a_token_classifier_is_none_of_pairs(tmp_path):
    _, tokenizer, _ = load_model("gpt2")
    small = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1}
    config = LlamaConfig(**small, num_attention_heads=2, vocab_size=len(tokenizer), pad_token_id=0)
    saved = LlamaForTokenClassification(config)
    saved.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    loaded = load_model("x", tmp_path)
    assert loaded.spec.head == "fresh"
    assert not torch.equal(loaded.model.score.weight, saved.score.weight)
    with pytest.raises(SourceError, match=r"LlamaForTokenClassification, .* another task"):
        load_model("x", tmp_path, head="trained")


def test_a_head_for_three_classes_is_refused_unless_drawn_anew(copied):
    model = load_model("x", copied).model
    model.config.num_labels = 3
    model.classifier.out_proj = torch.nn.Linear(128, 3)
    model.save_pretrained(copied)
    with pytest.raises(InputError, match=r"not for two classes.*head='fresh'"):
        load_model("x", copied)
    assert load_model("x", copied, head="fresh").model.classifier.out_proj.out_features == 2


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "config.json").unlink(), "no config.json"),
        (lambda f: (f / "config.json").write_text("{"), "cannot load"),
        (lambda f: (f / "model.safetensors").unlink(), "cannot load"),
        (
            lambda f: (f / "model.safetensors").write_bytes(
                (f / "model.safetensors").read_bytes()[:100_000]
            ),
            "cannot load.*files are whole",
        ),
        (
            lambda f: (f / "config.json").write_text(
                (f / "config.json").read_text().replace('"hidden_size": 128', '"hidden_size": 64')
            ),
            "cannot load|another shape",
        ),
        (
            lambda f: (f / "config.json").write_text(
                (f / "config.json")
                .read_text()
                .replace('"num_hidden_layers": 4', '"num_hidden_layers": 6')
            ),
            "lacks .* weights of the model's body",
        ),
    ],
)
def test_a_damaged_checkpoint_is_named(copied, damage, message):
    damage(copied)
    with pytest.raises(SourceError, match=message) as error:
        load_model("x", copied)
    assert str(copied) in str(error.value)


def with_tensor(folder, name):
    file = folder / "model.safetensors"
    tensors = load_file(file)
    first = next(iter(n for n in tensors if n.endswith("query.weight")))
    save_file(tensors | {first + name: torch.ones(1)}, file, {"format": "pt"})


def with_blocks(folder, count):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"num_hidden_layers": count}))


@pytest.mark.parametrize("task", ["mrpc", "text"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: with_blocks(f, 3), r"16 weights of blocks .*layer\.3\."),
        (lambda f: with_tensor(f, "_scale_inv"), r"query\.weight_scale_inv, a factor"),
        (lambda f: with_tensor(f, ".lora_A"), r"adapter \(.*lora_A\)"),
        (lambda f: with_tensor(f, "_of_mine"), None),
    ],
)
def test_parts_of_the_body_that_would_not_be_read_are_named(task, change, message, tmp_path):
    folder = shutil.copytree(sources.mini_checkpoint("roberta", task), tmp_path / "one")
    change(folder)
    if message is None:
        assert load_model("x", folder, task=task).spec.encoder_blocks == 4
        return
    with pytest.raises(SourceError, match=message) as error:
        load_model("x", folder, task=task)
    assert str(folder) in str(error.value)


def test_bad_arguments_list_the_choices(tmp_path):
    with pytest.raises(InputError, match="roberta, gpt2, bart"):
        load_model("bert")
    with pytest.raises(InputError, match="'auto', 'trained' or 'fresh'"):
        load_model("roberta", head="new")
    with pytest.raises(SourceError, match="not a checkpoint folder"):
        load_model("roberta", tmp_path / "nowhere")


def test_published_configs_are_those_of_the_hub():
    # From the config.json files of FacebookAI/roberta-base, openai-community/gpt2 and
    # facebook/bart-base.
    roberta, gpt2, bart = (load.published_config(name) for name in sources.MODEL_NAMES)
    assert (roberta.vocab_size, roberta.hidden_size, roberta.num_hidden_layers) == (50265, 768, 12)
    assert (roberta.max_position_embeddings, roberta.layer_norm_eps) == (514, 1e-5)
    assert (gpt2.vocab_size, gpt2.n_embd, gpt2.n_layer, gpt2.n_positions) == (50257, 768, 12, 1024)
    assert (bart.vocab_size, bart.d_model, bart.encoder_layers) == (50265, 768, 6)
    assert (bart.decoder_layers, bart.decoder_ffn_dim) == (6, 3072)


def without_tokenizer(folder):
    for file in folder.iterdir():
        if file.name not in ("config.json", "model.safetensors"):
            file.unlink()


def config_says(**fields):
    def change(folder):
        file = folder / "config.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | fields))

    return change


def adapter_alone(folder):
    (folder / "config.json").rename(folder / "adapter_config.json")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (without_tokenizer, "has a model but no tokenizer that can be loaded"),
        (config_says(model_type="mystery"), "model_type 'mystery' is unknown to transformers"),
        (config_says(model_type="mamba"), "'mamba' has no sequence classifier.*labkit prune"),
        (config_says(model_type="layoutlmv2"), "needs a package that is not installed.*detectron2"),
        (adapter_alone, r"holds an adapter.*merge_and_unload\(\)"),
    ],
)
def test_what_cannot_be_loaded_is_told_with_a_sentence_of_its_own(damage, message, tmp_path):
    folder = shutil.copytree(sources.mini_checkpoint("roberta"), tmp_path / "copy")
    damage(folder)
    with pytest.raises(SourceError, match=message) as raised:
        load_model("x", folder)
    assert "fetch or copy it again" not in str(raised.value)
