"""Which lists are stacks, and how many blocks they have, against what the configurations say."""

import pytest
import torch
import transformers as t
from torch import nn

from labkit.models import prunable
from labkit.weights.summary import weight_summary

SMALL = {"hidden_size": 32, "num_attention_heads": 2, "intermediate_size": 64}


def on_meta(kind, config):
    with torch.device("meta"):
        return kind(config)


@pytest.mark.parametrize(
    ("kind", "config", "blocks"),
    [
        (
            t.CanineModel,
            lambda: t.CanineConfig(num_hidden_layers=3),
            {
                "encoder (initial_char_encoder)": 1,
                "encoder (encoder)": 3,
                "encoder (final_char_encoder)": 1,
            },
        ),
        (
            t.CLIPModel,
            lambda: t.CLIPConfig(
                text_config={"num_hidden_layers": 3}, vision_config={"num_hidden_layers": 2}
            ),
            {"encoder (text_model)": 3, "encoder (vision_model)": 2},
        ),
        (
            t.FunnelModel,
            lambda: t.FunnelConfig(block_sizes=[2, 1], num_decoder_layers=2),
            {"encoder (encoder.blocks)": 3, "encoder (decoder.layers)": 2},
        ),
        (
            t.LxmertModel,
            lambda: t.LxmertConfig(l_layers=3, x_layers=2, r_layers=2),
            {"encoder (layer)": 3, "encoder (x_layers)": 2, "encoder (r_layers)": 2},
        ),
        (t.XLMModel, lambda: t.XLMConfig(n_layers=3), {"encoder": 3}),
        (t.FlaubertModel, lambda: t.FlaubertConfig(n_layers=3), {"encoder": 3}),
        (t.SqueezeBertModel, lambda: t.SqueezeBertConfig(num_hidden_layers=2), {"encoder": 2}),
        (t.IBertModel, lambda: t.IBertConfig(num_hidden_layers=2), {"encoder": 2}),
        (t.T5EncoderModel, lambda: t.T5Config(num_layers=2), {"encoder": 2}),
    ],
)
def test_every_stack_is_told_apart_and_no_block_counts_twice(kind, config, blocks):
    model = on_meta(kind, config())
    assert prunable.block_counts(model) == blocks
    layers = prunable.prunable_layers(model)
    assert {layer.stack for layer in layers} == set(blocks)
    for stack, count in blocks.items():
        numbers = [layer.block for layer in layers if layer.stack == stack]
        assert numbers == sorted(numbers) and set(numbers) == set(range(count))


def test_attention_and_feed_forward_lists_are_the_same_blocks():
    layers = prunable.prunable_layers(on_meta(t.XLMModel, t.XLMConfig(n_layers=2)))
    second = [layer.name for layer in layers if layer.block == 1]
    assert [name.partition(".1.")[0] for name in second] == ["attentions"] * 4 + ["ffns"] * 2


@pytest.mark.parametrize(
    "heads",
    [
        lambda: [nn.Linear(32, 2) for _ in range(3)],
        lambda: [nn.Sequential(nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 2))],
    ],
)
@pytest.mark.parametrize("bare", [False, True])
def test_a_list_of_heads_is_no_stack(tiny, heads, bare):
    model = tiny("bert")
    if bare:  # a class of one's own, of which nothing says what its body is
        model.base_model_prefix = ""
    model.heads = nn.ModuleList(heads())
    assert prunable.block_counts(model) == {"encoder": 12}
    assert not any("heads" in layer.name for layer in prunable.prunable_layers(model))


BART = {"d_model": 32, "decoder_layers": 2, "encoder_layers": 2, "decoder_attention_heads": 2}


@pytest.mark.parametrize(
    ("kind", "config", "family"),
    [
        (t.BartForCausalLM, lambda: t.BartConfig(**BART), "decoder"),
        (t.BertLMHeadModel, lambda: t.BertConfig(**SMALL, is_decoder=True), "decoder"),
        (t.BertForMaskedLM, lambda: t.BertConfig(**SMALL), "encoder"),
        (t.XLNetModel, lambda: t.XLNetConfig(d_model=32, n_layer=2, n_head=2), "decoder"),
        (t.T5EncoderModel, lambda: t.T5Config(num_layers=2), "encoder"),
    ],
)
def test_what_generates_is_a_decoder(kind, config, family):
    model = on_meta(kind, config())
    assert prunable.family(model) == family
    assert {layer.stack for layer in prunable.prunable_layers(model)} == {family}


def test_the_summary_keeps_stacks_apart():
    config = t.CanineConfig(**SMALL, num_hidden_layers=2, num_hash_buckets=64)
    summary = weight_summary(t.CanineModel(config))
    table = summary.table()
    assert len(table[table["block"] >= 0]) == 4 and len(summary.wholes) == 4
    assert summary.overall.weights == table[table["block"] >= 0]["weights"].sum()
