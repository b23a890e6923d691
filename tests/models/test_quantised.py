"""Weights kept as codes are no weights: what counts or ranks them refuses the model."""

import pytest
import torch
from torch import nn
from transformers import SwinConfig, SwinForImageClassification

from labkit import prune_global, prune_nm, sparsity_of, weight_summary
from labkit.errors import InputError
from labkit.models.left_out import parameter_account
from labkit.models.prunable import prunable_layers
from labkit.storage.size import measure_size


class Packed(nn.Module):
    """A layer as GPTQ and AWQ have it: eight codes in a number of 32 bits, and factors."""

    def __init__(self, dense):
        super().__init__()
        self.register_buffer(
            "qweight", torch.ones(dense.in_features // 8, dense.out_features).int()
        )
        self.register_buffer("scales", torch.ones(1, dense.out_features).half())


def with_parameter(codes):
    def change(block):
        for module in block.modules():
            if isinstance(module, nn.Linear):
                module.weight = nn.Parameter(codes(module.weight.detach()), requires_grad=False)

    return change


def with_packed(block):
    block.intermediate.dense = Packed(block.intermediate.dense)


def dynamic(block):
    torch.ao.quantization.quantize_dynamic(block, {nn.Linear}, dtype=torch.qint8, inplace=True)


MAKERS = {
    "int8, a code a weight": with_parameter(lambda w: (1000 * w).to(torch.int8)),
    "two codes in a byte": with_parameter(lambda w: torch.ones(w.numel() // 2, 1).to(torch.uint8)),
    "GPTQ": with_packed,
    "torch": dynamic,
}


@pytest.mark.filterwarnings("ignore:.*quantize:UserWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("change", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize(
    "act",
    [
        prunable_layers,
        parameter_account,
        sparsity_of,
        weight_summary,
        measure_size,
        lambda model: prune_global(model, 0.5),
        prune_nm,
    ],
)
def test_one_block_of_codes_is_named(tiny, change, act):
    model = tiny("bert")
    change(model.bert.encoder.layer[1])
    with pytest.raises(InputError, match=r"bert\.encoder\.layer\.1\..*dequantise it"):
        act(model)


def test_codes_of_a_table_and_other_integers_are_let_be(tiny):
    model = tiny("bert")
    table = model.bert.embeddings.word_embeddings
    table.weight = nn.Parameter(table.weight.detach().to(torch.int8), requires_grad=False)
    assert prune_global(model, 0.5).sparsity == 0.5
    small = {"image_size": 16, "patch_size": 2, "embed_dim": 8, "window_size": 4}
    swin = SwinForImageClassification(SwinConfig(**small, depths=[1, 1], num_heads=[2, 2]))
    assert any("index" in name for name, _ in swin.named_buffers())
    assert prune_global(swin, 0.5).sparsity == 0.5
