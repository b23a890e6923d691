"""Weights that layers compute anew: whatever is said of them must be what the next pass uses."""

import re
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn.utils import parametrizations, parametrize, prune, spectral_norm, weight_norm

from labkit import (
    load_model,
    load_mrpc,
    load_sparse,
    measure_size,
    prune_global,
    prune_model,
    prune_nm,
    save_sparse,
    sparse_linear,
    sweep,
    weight_summary,
)
from labkit.errors import InputError
from labkit.models import recomputed, sources
from labkit.models.prunable import prunable_layers
from labkit.pruning.files.prune_file import prune_files
from labkit.pruning.prune import sparsity_of
from labkit.training.recover import finetune_masked

LAYER = "encoder.layer.1.attention.self.query"


class Doubled(torch.nn.Module):
    """A parametrization of somebody's own."""

    def forward(self, weight):
        return 2 * weight


def assigned(layer):
    """As hooks did before torch had any of its own: the weight becomes a plain attribute."""
    raw = layer._parameters.pop("weight")
    layer.register_parameter("raw", raw)
    layer.weight = raw.detach().clone()
    layer.register_forward_pre_hook(lambda module, _: setattr(module, "weight", 2 * module.raw))


MAKERS = {
    "l1_unstructured": lambda layer: prune.l1_unstructured(layer, "weight", 0.5),
    "random_structured": lambda layer: prune.random_structured(layer, "weight", 0.5, dim=0),
    "several": lambda layer: [prune.l1_unstructured(layer, "weight", 0.3) for _ in range(2)],
    "bias": lambda layer: prune.l1_unstructured(layer, "bias", 0.5),
    "weight_norm": weight_norm,
    "spectral_norm": spectral_norm,
    "new weight_norm": parametrizations.weight_norm,
    "new spectral_norm": parametrizations.spectral_norm,
    "orthogonal": parametrizations.orthogonal,
    "own": lambda layer: parametrize.register_parametrization(layer, "weight", Doubled()),
    "assigned": assigned,
}

ASKED = {
    "prune_global": lambda model, _: prune_global(model, 0.9),
    "prune_model": lambda model, _: prune_model(model, 0.9, method="random"),
    "prune_nm": lambda model, _: prune_nm(model),
    "sweep": lambda model, _: list(sweep(model, (0.9,))),
    "sparsity_of": lambda model, _: sparsity_of(model),
    "weight_summary": lambda model, _: weight_summary(model),
    "measure_size": lambda model, _: measure_size(model),
    "sparse_linear": lambda model, _: sparse_linear(model, calibrate=False),
    "save_sparse": lambda model, folder: save_sparse(model, folder / "model.sparse"),
    "recover": lambda model, _: finetune_masked(model, None, load_mrpc()["train"], steps=1),
}


def hooked(tiny, make):
    model = tiny("bert")
    make(model.bert.get_submodule(LAYER))
    return model


@pytest.mark.filterwarnings("ignore:.*weight_norm")
@pytest.mark.parametrize("maker", MAKERS)
def test_it_is_refused_with_the_call_that_mends_it(tiny, tmp_path, maker):
    model = hooked(tiny, MAKERS[maker])
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    tensor = "bias" if maker == "bias" else "weight"
    for name, ask in ASKED.items():
        with pytest.raises(InputError, match=rf"bert\.{LAYER}\.{tensor} is computed anew") as error:
            ask(model, tmp_path)
        assert not list(tmp_path.iterdir()), name
    after = model.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    (call,) = re.findall(r"Call (.*) first", str(error.value))
    if maker != "assigned":
        eval(call, {"torch": torch, "model": model})  # the remedy is code that runs
        assert prune_global(model, 0.9).sparsity == pytest.approx(0.9, abs=1e-4)
        assert sparsity_of(model)[0] == pytest.approx(0.9, abs=1e-4)
        path = save_sparse(model, tmp_path / "model.sparse")
        assert sparsity_of(load_sparse(path))[0] == pytest.approx(0.9, abs=1e-4)


def test_outside_of_the_blocks_too(tiny):
    model = tiny("bert")
    parametrizations.weight_norm(model.classifier)
    with pytest.raises(InputError, match=r"classifier\.weight.*remove_parametrizations"):
        prune_global(model, 0.5)


def test_what_belongs_to_an_architecture_is_no_hook(tmp_path):
    from transformers import Wav2Vec2Config, Wav2Vec2ForSequenceClassification

    config = Wav2Vec2Config(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        conv_dim=(8, 8),
        conv_kernel=(10, 3),
        conv_stride=(5, 2),
        num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
        classifier_proj_size=8,
    )
    model = Wav2Vec2ForSequenceClassification(config).eval()
    assert list(recomputed.recomputed(model)), "its positions have weight_norm"
    pruning = prune_global(model, 0.5)
    assert pruning.zeros == round(0.5 * pruning.total)
    loaded = load_sparse(save_sparse(model, tmp_path / "model.sparse"))
    sound = torch.randn(1, 400)
    with torch.inference_mode():
        assert torch.equal(loaded(sound).logits, model(sound).logits)


def restore(layer):
    raw = layer.weight.detach().clone()
    layer.register_forward_pre_hook(lambda module, _: module.weight.data.copy_(raw))


def replace(layer):
    raw = layer.weight.detach().clone()
    layer.register_forward_pre_hook(lambda module, _: setattr(module.weight, "data", raw))


def exchange(layer):
    raw = torch.nn.Parameter(layer.weight.detach().clone())
    layer.register_forward_pre_hook(
        lambda module, args, kwargs: setattr(module, "weight", raw), with_kwargs=True
    )


@pytest.mark.parametrize("make", [restore, replace, exchange])
@pytest.mark.parametrize(
    "asked", ["prune_global", "sweep", "prune_nm", "weight_summary", "sparse_linear"]
)
def test_a_hook_that_writes_the_weight_is_found_out(tiny, tmp_path, make, asked):
    model = hooked(tiny, make)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(InputError, match=rf"bert\.{LAYER}\.weight is written by.*{make.__name__}"):
        ASKED[asked](model, tmp_path)
    after = model.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_a_hook_that_only_looks_is_let_be(tiny):
    seen = []
    model = hooked(
        tiny, lambda layer: layer.register_forward_pre_hook(lambda _, args: seen.append(args))
    )
    twin = tiny("bert")
    assert prune_global(model, 0.9).zeros == prune_global(twin, 0.9).zeros
    for one, other in zip(prunable_layers(model), prunable_layers(twin), strict=True):
        assert torch.equal(one.weight, other.weight)


def test_after_pruning_the_weights_must_be_those_of_the_model(tiny):
    model = tiny("bert")
    layers = prunable_layers(model)
    recomputed.confirm(model, layers)
    layer = model.bert.get_submodule(LAYER)
    layer.weight = torch.nn.Parameter(layer.weight.detach().clone())
    with pytest.raises(InputError, match=rf"{LAYER}\.weight was replaced"):
        recomputed.confirm(model, layers)


@pytest.mark.parametrize("maker", ["l1_unstructured", "new weight_norm", "own"])
def test_a_checkpoint_saved_with_it_is_named(tiny, tmp_path, maker):
    folder = tmp_path / "model.v1"
    hooked(tiny, MAKERS[maker]).save_pretrained(folder)
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(sources.mini_checkpoint("roberta") / file, folder)
    match = (
        rf"{folder}.* holds .*{LAYER}.*not a weight but what one is computed from.*save it again"
    )
    for ask in (
        lambda: load_model("x", folder),
        lambda: prune_files(folder, tmp_path / "out", 0.5),
        lambda: prune_files(folder / "model.safetensors", tmp_path / "out", 0.5),
    ):
        with pytest.raises(InputError, match=match):
            ask()
    assert not (tmp_path / "out").exists()


def test_names_that_only_look_alike_are_let_be(tmp_path):
    path = tmp_path / "bare.safetensors"
    save_file({"layers.0.weight_v": torch.randn(4, 4), "layers.0.original": torch.eye(4)}, path)
    done = prune_files(path, tmp_path / "out.safetensors", 0.5)
    assert done.dropped == 16
    assert sum(int((t == 0).sum()) for t in load_file(tmp_path / "out.safetensors").values()) == 16
