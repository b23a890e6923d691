"""Layers whose weight others read stay dense, and the model goes on running."""

import pytest
import torch
import transformers as t
from torch import nn
from torch.nn import functional as F

from labkit import prune_global, sparse_linear

WIDTH = {"hidden_size": 32, "num_hidden_layers": 2, "vocab_size": 300}


class Attends(nn.Module):
    """A block around `nn.MultiheadAttention`, which reads the weight of its output projection."""

    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(32, 2, batch_first=True)
        self.expand, self.reduce = nn.Linear(32, 64), nn.Linear(64, 32)

    def forward(self, x, *_, **__):
        x = x + self.attention(x, x, x, need_weights=False)[0]
        return x + self.reduce(F.gelu(self.expand(x)))


class Reads(Attends):
    def forward(self, x, *_, **__):
        return x + self.reduce(F.gelu(F.linear(x, self.expand.weight)))


class ReadsByAnotherName(Attends):
    def forward(self, x, *_, **__):
        first, second = self.expand, self.reduce
        return x + second(F.gelu(F.linear(x, first.weight)))


class Own(nn.Linear):
    """A linear layer by name only."""

    def forward(self, x):
        return super().forward(x).sin()


class OwnLayers(Attends):
    def __init__(self):
        super().__init__()
        self.expand = Own(32, 64)


class Hooked(Attends):
    def __init__(self):
        super().__init__()
        self.expand.register_forward_hook(lambda module, inputs, output: 2 * output)


def check(model, *dense):
    """Sparse and dense agree, and the layers whose names end so stay dense."""
    prune_global(model, 0.9)
    tokens = torch.arange(20, 30)[None]
    with torch.no_grad():
        expected = model(input_ids=tokens)[0]
        choices = sparse_linear(model, calibrate=False)
        torch.testing.assert_close(model(input_ids=tokens)[0], expected, atol=1e-5, rtol=1e-4)
    stayed = {choice.name.rpartition(".")[2] for choice in choices if choice.method == "dense"}
    assert stayed >= set(dense)
    return {choice.name.rpartition(".")[2] for choice in choices} - stayed


@pytest.mark.parametrize(
    ("block", "dense", "sparse"),
    [
        (Attends, {"in_proj_weight", "out_proj"}, {"expand", "reduce"}),
        (OwnLayers, {"expand"}, {"reduce"}),
        (Hooked, {"expand"}, {"reduce"}),
    ],
)
def test_blocks_with_layers_that_a_sparse_one_cannot_stand_for(tiny, block, dense, sparse):
    model = tiny("bert")
    model.bert.encoder.layer = nn.ModuleList([block(), block()]).eval()
    # This file reads weights by other names too: what is plain here is said by `Attends` alone.
    assert check(model, *dense) <= sparse


@pytest.mark.parametrize("block", [Reads, ReadsByAnotherName])
def test_a_block_that_reads_the_weight_of_its_layer(tiny, block):
    model = tiny("bert")
    model.bert.encoder.layer = nn.ModuleList([block(), block()]).eval()
    check(model, "expand")


@pytest.mark.parametrize(
    ("make", "dense", "sparse"),
    [
        (
            lambda: t.MambaModel(t.MambaConfig(**WIDTH, state_size=4)),
            ("dt_proj", "x_proj", "out_proj"),
            {"in_proj"},
        ),
        (
            lambda: t.T5EncoderModel(t.T5Config(d_model=32, d_kv=16, d_ff=64, num_layers=2)),
            (),
            {"q", "k", "v", "o", "wi", "wo"},
        ),
        (
            lambda: t.FalconModel(t.FalconConfig(**WIDTH, num_attention_heads=2)),
            (),
            {"query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h"},
        ),
    ],
)
def test_families_that_read_weights_and_some_that_only_ask_for_their_dtype(make, dense, sparse):
    torch.manual_seed(0)
    assert check(make().eval(), *dense) == sparse


def test_experts_stay_dense():
    import mixtures

    torch.manual_seed(0)
    model = mixtures.make("mixtral")
    assert check(model, "down_proj[0]", "gate_up_proj[3]") == {
        "q_proj",
        "k_proj",
        "v_proj",
        "o_proj",
    }
