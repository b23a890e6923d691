"""Language models: the head is the trained one or the checkpoint is refused."""

import shutil

import pytest
import torch
from transformers import AutoModelForMaskedLM, AutoModelForSequenceClassification

from labkit import load_model, prunable_parameters, prune_global, sparsity_of
from labkit.errors import InputError, SourceError
from labkit.models import language, sources
from labkit.models.language import language_kind
from labkit.models.load import described

KIND = {"roberta": "masked", "gpt2": "causal", "bart": "denoising"}


@pytest.fixture
def checkpoint(tmp_path):
    """`checkpoint(name)`: a folder with a language model of random weights and its tokenizer."""

    def make(name, **changes):
        folder = tmp_path / name
        classifier = load_model(name)
        config = classifier.model.config
        for field, value in changes.items():
            setattr(config, field, value)
        config.architectures = None
        language.random_language_model(config, 0).save_pretrained(folder)
        classifier.tokenizer.save_pretrained(folder)
        return folder

    return make


@pytest.mark.parametrize("name", sources.MODEL_NAMES)
def test_the_head_is_that_of_the_family(checkpoint, name):
    folder = checkpoint(name)
    model, tokenizer, spec = load_model("x", folder, task="text")
    assert (spec.task, spec.kind, spec.head, spec.tied) == ("text", KIND[name], "trained", True)
    assert language_kind(model) == KIND[name] and not model.training
    assert model.config.pad_token_id == tokenizer.pad_token_id is not None
    ids = torch.tensor([tokenizer("The city said")["input_ids"]])
    assert model(input_ids=ids).logits.shape == (1, ids.shape[1], model.config.vocab_size)
    # The same blocks as the classifier's are pruned: the head is not, and the table stays whole.
    names = {n.split(".", 1)[1] for n in prunable_parameters(model)}
    assert names == {n.split(".", 1)[1] for n in prunable_parameters(load_model(name).model)}
    table = model.get_input_embeddings().weight.clone()
    prune_global(model, 0.9)
    assert sparsity_of(model)[0] == pytest.approx(0.9, abs=1e-4)
    assert torch.equal(model.get_output_embeddings().weight, table)
    assert described("x", folder, task="text").config.model_type == spec.model_type


def test_a_head_of_its_own_is_not_tied(checkpoint):
    folder = checkpoint("gpt2", tie_word_embeddings=False)
    spec = load_model("x", folder, task="text").spec
    assert not spec.tied
    assert spec.parameters > load_model("x", checkpoint("gpt2"), task="text").spec.parameters


@pytest.mark.parametrize("name", sources.MODEL_NAMES)
def test_a_classifier_is_no_language_model(name):
    with pytest.raises(SourceError, match=r"is a classifier.*task='mrpc'"):
        load_model("x", sources.mini_checkpoint(name), task="text")
    with pytest.raises(InputError, match="no language-model head"):
        language_kind(load_model(name).model)


def test_a_head_of_which_weights_are_missing_is_refused(checkpoint):
    folder = checkpoint("roberta")
    load_model("x", folder, task="text").model.base_model.save_pretrained(folder)
    with pytest.raises(SourceError, match=r"no trained language-model head.*lm_head.*are its own"):
        load_model("x", folder, task="text")
    folder = checkpoint("gpt2")
    load_model("x", folder, task="text").model.base_model.save_pretrained(folder)
    # Here the head is the table of the embeddings, which the body has.
    assert load_model("x", folder, task="text").spec.tied
    config = folder / "config.json"
    text = config.read_text()
    config.write_text(text.replace('"tie_word_embeddings": true', '"tie_word_embeddings": false'))
    with pytest.raises(SourceError, match="not tied to the embeddings"):
        load_model("x", folder, task="text")
    config.write_text(text.replace('"n_layer": 4', '"n_layer": 6'))
    with pytest.raises(SourceError, match=r"lacks .* weights of the model's body"):
        load_model("x", folder, task="text")


def test_a_family_without_such_a_head_is_refused(tmp_path):
    folder = shutil.copytree(sources.mini_checkpoint("roberta"), tmp_path / "vit")
    (folder / "config.json").write_text('{"model_type": "vit"}')
    with pytest.raises(SourceError, match="'vit' has neither a causal nor a masked"):
        load_model("x", folder, task="text")


def test_the_kind_follows_the_class_that_was_made(tiny):
    bert = tiny("bert").config
    assert language_kind(AutoModelForMaskedLM.from_config(bert)) == "masked"
    bert.is_decoder = True
    assert language_kind(language.random_language_model(bert, 0)) == "causal"
    assert language_kind(language.random_language_model(tiny("opt").config, 0)) == "causal"
    assert language_kind(language.random_language_model(tiny("t5").config, 0)) == "denoising"
    with pytest.raises(InputError, match="no language-model head"):
        language_kind(AutoModelForSequenceClassification.from_config(tiny("opt").config))


def test_bad_arguments_list_the_choices():
    with pytest.raises(InputError, match="'mrpc' or 'text'"):
        load_model("gpt2", task="lm")
    with pytest.raises(InputError, match="for classifiers"):
        load_model("gpt2", task="text", head="fresh")
    with pytest.raises(InputError, match="no trained head"):
        load_model("gpt2", "random", task="text", head="trained")
