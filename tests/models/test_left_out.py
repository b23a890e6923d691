"""The account of the blocks: of every family that transformers has, generated, not typed."""

import families
import pytest
import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

from labkit.models.left_out import Account, AccountRow, parameter_account
from labkit.models.prunable import prunable_layers

QUICK = families.names()[::9]
FAMILIES = [
    pytest.param(name, marks=() if name in QUICK else pytest.mark.full) for name in families.names()
]


def in_lists(module, prefix=""):
    """Name and owner of each matrix in a list of modules that hold linear layers, from scratch."""
    for name, child in module.named_children():
        path = f"{prefix}{name}"
        if not isinstance(child, nn.ModuleList):
            yield from in_lists(child, f"{path}.")
        elif any(isinstance(inner, (nn.Linear, Conv1D)) for inner in child.modules()):
            for inner, owner in child.named_modules(prefix=path):
                for own, parameter in owner.named_parameters(recurse=False):
                    if parameter.dim() > 1:
                        yield f"{inner}.{own}", owner, parameter


@pytest.mark.parametrize("name", FAMILIES)
def test_every_matrix_of_every_family_is_prunable_or_left_out_for_a_reason(name):
    try:
        model = families.build(name)
    except Exception as error:
        pytest.skip(f"no model from the default configuration: {error}")
    account = parameter_account(model)
    rows = {row.name: row for row in account.rows}
    assert len(rows) == len(account.rows)
    owners = {id(p): (full, owner) for full, owner, p in in_lists(model)}
    accounted = {id(model.get_parameter(row.name)) for row in account.rows}
    heads = {id(p) for p in model.parameters()} - accounted
    assert not [full for key, (full, _) in owners.items() if key in heads]
    layers = prunable_layers(model)
    assert account.prunable == sum(layer.weight.numel() for layer in layers)
    assert {layer.parameter for layer in layers} == {r.name for r in account.rows if r.prunable}
    assert account.total + account.outside == sum(
        p.numel() for p in model.parameters() if p.dim() > 1
    )
    unknown = sum(row.weights for row in account.rows if row.kind == "other")
    assert unknown <= 0.01 * account.total, "what is large is known, by type or shape"
    for full, owner in owners.values():
        row = rows.get(full)
        if row and isinstance(owner, (nn.Linear, Conv1D)):
            assert row.prunable or row.kind == "router", full


@pytest.mark.full
def test_nearly_every_family_can_be_built():
    built = 0
    for name in families.names():
        try:
            families.build(name)
        except Exception:
            continue
        built += 1
    assert built > 0.9 * len(families.names()) > 90


def account_of(*rows):
    return Account("toy", tuple(AccountRow("w", (n,), n, kind, why) for n, kind, why in rows), 0)


def test_more_than_one_per_cent_is_said():
    assert account_of((99, "linear", ""), (1, "norm", "norm: scales")).remark == ""
    said = account_of((98, "linear", ""), (2, "norm", "norm: scales")).remark
    assert said == "toy: 2.0% of the weights in its blocks are not pruned (2.0% norm: scales)."


def test_the_table_sums_up_by_kind(tiny):
    account = parameter_account(tiny("t5"), title="T5")
    table = account.table()
    assert list(table["kind"]) == ["linear", "embedding"]
    assert table["weights"].sum() == account.total
    assert table["share"].sum() == pytest.approx(1)
    [row] = [r for r in account.rows if "encoder" in r.name and r.reason]
    assert row.name.endswith("relative_attention_bias.weight") and row.shape == (32, 2)


def test_adapters_are_refused_in_words(tiny):
    model = tiny("bert")
    layer = model.bert.encoder.layer[0].attention.self.query
    layer.lora_A = nn.ModuleDict({"default": nn.Linear(32, 4, bias=False)})
    layer.lora_B = nn.ModuleDict({"default": nn.Linear(4, 32, bias=False)})
    with pytest.raises(Exception, match=r"lora_A\.default\.weight.*merge_and_unload\(\)"):
        prunable_layers(model)


class Grouped(nn.Module):
    """A block with parameters outside of `nn.Linear`."""

    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2)
        self.recurrent = nn.LSTM(8, 8)
        self.wide = nn.Conv1d(8, 8, 3)
        self.narrow = nn.Conv1d(8, 8, 1)
        self.norm = nn.LayerNorm((4, 8))
        self.mystery = nn.Parameter(torch.randn(4, 5, 6))


def test_matrices_outside_of_linear_layers_are_known(tiny):
    model = tiny("bert")
    model.bert.encoder.layer = nn.ModuleList([Grouped(), Grouped()])
    account = parameter_account(model)
    first = {r.name.partition("0.")[2]: r for r in account.rows if ".layer.0." in r.name}
    pruned = {name for name, row in first.items() if row.prunable}
    assert pruned == {
        "attention.in_proj_weight",
        "attention.out_proj.weight",
        "recurrent.weight_ih_l0",
        "recurrent.weight_hh_l0",
        "narrow.weight",
    }
    reasons = {name: row.reason for name, row in first.items() if not row.prunable}
    assert reasons["wide.weight"].startswith("convolution kernel")
    assert reasons["norm.weight"].startswith("norm")
    assert reasons["mystery"].startswith("read by name only: Grouped")
    shapes = {
        layer.name.rpartition("layer.0.")[2]: tuple(layer.weight.shape)
        for layer in prunable_layers(model)
    }
    assert shapes["narrow.weight"] == (8, 8)
