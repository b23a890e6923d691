"""Models in bfloat16 and int8: what is converted, what stays, and how far the answers go."""

import copy

import pytest
import torch
from torch import nn

from labkit.errors import InputError
from labkit.execution.precision import lower_precision


def batch():
    ids = torch.randint(3, 300, (3, 17), generator=torch.Generator().manual_seed(0))
    ids[:, -1] = 2
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}


@pytest.mark.parametrize("family", ["roberta", "gpt2", "bart"])
@pytest.mark.parametrize("precision", ["bfloat16", "int8"])
def test_answers_stay_near_those_of_float32_and_the_model_as_it_was(tiny, family, precision):
    model = tiny(family)
    model.config.pad_token_id = 0
    before = copy.deepcopy(model.state_dict())
    with torch.no_grad():
        expected = model(**batch()).logits
        found = lower_precision(model, precision)(**batch()).logits.float()
    assert not torch.equal(found, expected)  # other arithmetic
    torch.testing.assert_close(found, expected, atol=0.1 * float(expected.abs().max()), rtol=0)
    after = model.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in before)


def test_int8_weights_are_torchs_own_and_gpt2s_layers_are_among_them(tiny):
    lower = lower_precision(tiny("gpt2"), "int8")
    quantized = [m for m in lower.modules() if type(m).__name__ == "Linear" and callable(m.weight)]
    assert len(quantized) == 4 * len(lower.transformer.h) + 1  # and the head
    layer = nn.Linear(8, 4)
    (single,) = lower_precision(nn.Sequential(layer), "int8")
    step = single.weight().q_scale()
    apart = (single.weight().dequantize() - layer.weight).abs().max()
    assert apart <= step / 2 * 1.001


def test_what_cannot_be_converted_is_said():
    with pytest.raises(InputError, match="choose bfloat16 or int8"):
        lower_precision(nn.Linear(2, 2), "int4")
    with pytest.raises(InputError, match=r"start from model\.float"):
        lower_precision(nn.Linear(2, 2).half(), "int8")
