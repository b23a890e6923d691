"""What a model may have instead of plain weights, or lack, is refused in words that name it."""

import pytest
import torch
from datasets import Dataset
from torch import nn
from transformers import T5Config, T5ForSequenceClassification, T5Model

from labkit import (
    evaluate_mrpc,
    load_model,
    measure_runtime,
    prune_global,
    prune_nm,
    save_sparse,
    sparse_linear,
    sparsity_of,
    weight_summary,
)
from labkit.errors import InputError
from labkit.storage.size import measure_size


@pytest.mark.parametrize(
    "act",
    [
        lambda model, path: prune_global(model, 0.5),
        lambda model, path: prune_nm(model, 2, 4),
        lambda model, path: sparsity_of(model),
        lambda model, path: weight_summary(model),
        lambda model, path: measure_size(model),
        lambda model, path: save_sparse(model, path / "file"),
        lambda model, path: sparse_linear(model, tokens=8),
    ],
)
def test_a_sparse_coo_weight_is_named_with_the_way_to_a_dense_one(tiny, tmp_path, act):
    model = tiny("bert")
    layer = model.bert.encoder.layer[1].output.dense
    layer.weight = nn.Parameter(layer.weight.detach().to_sparse())
    with pytest.raises(InputError, match=r"layer\.1\.output\.dense\.weight.*sparse_coo.*to_dense"):
        act(model, tmp_path)
    assert not list(tmp_path.iterdir())


def t5(kind, **ids):
    small = {"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4}
    return kind(T5Config(**small, vocab_size=300, num_labels=2, **ids)).eval()


def test_a_t5_without_a_start_token_is_told_which_one_it_lacks():
    _, tokenizer, _ = load_model("bart")
    rows = Dataset.from_dict({"sentence1": ["a"], "sentence2": ["b"], "label": [1]})
    end = {"eos_token_id": tokenizer.eos_token_id}
    model = t5(T5ForSequenceClassification, **end)
    said = r"t5 has no decoder_start_token_id.*Set model\.config\.decoder_start_token_id"
    with pytest.raises(InputError, match=said):
        evaluate_mrpc(model, tokenizer, rows)
    with pytest.raises(InputError, match=said):
        measure_runtime(model, batch_size=1, length=8, repeats=1, warmup=0)
    whole = t5(T5ForSequenceClassification, decoder_start_token_id=0, **end)
    assert len(evaluate_mrpc(whole, tokenizer, rows)) == 1


def test_other_failures_of_a_forward_pass_keep_their_own_words():
    model = t5(T5ForSequenceClassification, decoder_start_token_id=0)
    model.classification_head = None
    with pytest.raises(TypeError, match="not callable"):
        measure_runtime(model, batch_size=1, length=8, repeats=1, warmup=0)


def test_a_body_of_encoder_and_decoder_is_timed():
    assert measure_runtime(t5(T5Model), batch_size=1, length=8, repeats=1, warmup=0).median > 0
    with torch.inference_mode():
        assert t5(T5Model).encoder is not None
