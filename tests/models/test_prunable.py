import mixtures
import pytest
import torch
from torch import nn
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

from labkit import prune_global, sparsity_of
from labkit.errors import InputError
from labkit.models import load, prunable

FAMILIES = {
    # family → (kind, blocks per stack, matrices per block of each stack)
    "roberta": ("encoder", {"encoder": 12}, {"encoder": 6}),
    "bert": ("encoder", {"encoder": 12}, {"encoder": 6}),
    "distilbert": ("encoder", {"encoder": 3}, {"encoder": 6}),
    "gpt2": ("decoder", {"decoder": 3}, {"decoder": 4}),
    "opt": ("decoder", {"decoder": 3}, {"decoder": 6}),
    "pythia": ("decoder", {"decoder": 12}, {"decoder": 4}),
    "bart": ("encoder-decoder", {"encoder": 2, "decoder": 3}, {"encoder": 6, "decoder": 10}),
    "t5": ("encoder-decoder", {"encoder": 2, "decoder": 2}, {"encoder": 6, "decoder": 10}),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_blocks_are_found_by_module_type(tiny, family):
    kind, blocks, matrices = FAMILIES[family]
    model = tiny(family)
    found = prunable.prunable_layers(model)
    assert prunable.family(model) == kind
    assert prunable.block_counts(model) == blocks
    for stack, count in blocks.items():
        numbers = [layer.block for layer in found if layer.stack == stack]
        assert numbers == sorted(numbers), "blocks must be in the order of numbers (2 before 10)"
        assert {n: numbers.count(n) for n in numbers} == dict.fromkeys(
            range(count), matrices[stack]
        )
    parameters = dict(model.named_parameters(remove_duplicate=False))
    for layer in found:
        assert parameters[layer.name] is layer.weight
        assert layer.weight.dim() == 2
        assert not any(word in layer.name.lower() for word in ("norm", "embed", "bias"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("roberta", {"encoder": 84_934_656}),
        ("gpt2", {"decoder": 84_934_656}),
        ("bart", {"encoder": 42_467_328, "decoder": 56_623_104}),
    ],
)
def test_counts_at_full_shape(name, expected):
    with torch.device("meta"):
        model = AutoModelForSequenceClassification.from_config(load.published_config(name))
    counts = {}
    for layer in prunable.prunable_layers(model):
        counts[layer.stack] = counts.get(layer.stack, 0) + layer.weight.numel()
    assert counts == expected


def test_conv1d_is_marked_as_transposed(tiny):
    gpt2 = {layer.name: layer for layer in prunable.prunable_layers(tiny("gpt2"))}
    expand = gpt2["transformer.h.0.mlp.c_fc.weight"]
    assert expand.transposed and tuple(expand.weight.shape) == (32, 128)
    assert not any(layer.transposed for layer in prunable.prunable_layers(tiny("bert")))


def test_cross_attention_belongs_to_the_decoder(tiny):
    cross = [x for x in prunable.prunable_layers(tiny("bart")) if "encoder_attn" in x.name]
    assert len(cross) == 12 and {x.stack for x in cross} == {"decoder"}


def test_embeddings_and_head_only_on_request_and_tied_tensors_once(tiny):
    model = tiny("bart")
    plain = prunable.prunable_parameters(model)
    more = prunable.prunable_parameters(model, include_embeddings=True, include_head=True)
    extra = {name for name in more if name not in plain}
    assert "classification_head.dense.weight" in extra
    assert sum("shared" in n or "embed_tokens" in n for n in extra) == 1
    assert len({id(p) for p in more.values()}) == len(more)


def test_tied_output_projection_is_listed_once(tiny):
    language_model = AutoModelForCausalLM.from_config(tiny("gpt2").config)
    found = prunable.prunable_parameters(language_model, include_embeddings=True, include_head=True)
    assert "transformer.wte.weight" in found and "lm_head.weight" not in found


def test_a_model_without_blocks_is_refused(tiny):
    model = tiny("bert")
    model.bert.encoder.layer = nn.ModuleList()
    with pytest.raises(InputError, match="no list of blocks"):
        prunable.prunable_parameters(model)


def test_what_is_no_transformer_is_refused():
    with pytest.raises(InputError, match=r"Sequential has no list of blocks.*transformer model"):
        prunable.prunable_layers(nn.Sequential(nn.Linear(3, 3)))


def test_each_expert_is_a_matrix():
    model = mixtures.make("mixtral")
    layers = prunable.prunable_layers(model)
    attention = [layer for layer in layers if layer.kind == "linear"]
    experts = [layer for layer in layers if layer.kind == "expert"]
    assert sum(layer.weight.numel() for layer in attention) == 6_144
    assert sum(layer.weight.numel() for layer in experts) == 2 * 4 * 3 * 32 * 64
    first = [layer for layer in experts if layer.block == 0]
    assert [layer.expert for layer in first] == [0, 1, 2, 3] * 2
    assert first[3].name == "model.layers.0.mlp.experts.gate_up_proj[3]"
    assert first[3].parameter == "model.layers.0.mlp.experts.gate_up_proj"
    owner = model.get_parameter(first[3].parameter)
    first[3].weight.zero_()
    assert not owner[3].any() and owner[2].all()
    assert not any("gate.weight" in layer.name for layer in layers), "that is the router"


@pytest.mark.parametrize(
    ("name", "transposed"), [("mixtral", False), ("gpt_oss", True), ("llama4_text", True)]
)
def test_how_experts_are_stored(name, transposed):
    model = mixtures.make(name)
    experts = [layer for layer in prunable.prunable_layers(model) if layer.kind == "expert"]
    assert {layer.transposed for layer in experts} == {transposed}
    for layer in experts:
        inputs = layer.weight.shape[0 if transposed else 1]
        assert inputs == (64 if "down_proj" in layer.name else 32)


def test_two_parameters_in_the_same_memory_are_one_weight(tiny):
    model = tiny("bert")
    state = model.state_dict()
    names = [f"bert.encoder.layer.{number}.output.dense.weight" for number in (0, 1)]
    state[names[1]] = state[names[0]]
    model.load_state_dict(state, assign=True)
    first, second = (model.get_parameter(name) for name in names)
    assert first is not second and first.data_ptr() == second.data_ptr()
    shared = first.numel()
    listed = prunable.prunable_parameters(model)
    assert names[0] in listed and names[1] not in listed
    every = sum(p.numel() for p in model.parameters()) - shared
    zeros = prune_global(model, 0.5).zeros
    assert torch.equal(first == 0, second == 0)
    counted = sum(int((p == 0).sum()) for p in model.parameters()) - int((first == 0).sum())
    total = sum(weight.numel() for weight in listed.values())
    assert zeros == round(total / 2)
    assert sparsity_of(model) == pytest.approx((zeros / total, counted / every))
