"""Models of drawn shapes through pruning, disk, the sparse file and sparse layers.

Outside `make test` and `make test-all`: `FUZZ_MINUTES=5 pytest -m fuzz tests/models`.
"""

import itertools
import os
import tempfile
import time
from pathlib import Path

import pytest
import torch
import transformers as t
import warm
from hypothesis import HealthCheck, given, note, seed, settings
from hypothesis import strategies as st

from labkit import (
    dense_linear,
    load_sparse,
    prune_global,
    save_sparse,
    sparse_linear,
    sparsity_of,
    weight_summary,
)
from labkit.models.left_out import parameter_account
from labkit.models.prunable import prunable_layers
from labkit.pruning.files import prune_files

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(0)]

SECONDS = 60 * float(os.environ.get("FUZZ_MINUTES", "5"))
DTYPES = (torch.float32, torch.float32, torch.bfloat16, torch.float16, torch.float64)
EIGHT = (torch.float8_e4m3fn, torch.float8_e5m2)
NAMES = ("model", "Llama-3.2-1B", "bge-base-en-v1.5", "a.b.c", "ünï cödé", "x.safetensors", ".9")


@st.composite
def configs(draw):
    """A language model's class and its configuration."""
    heads = draw(st.sampled_from((1, 2, 3, 4)))
    size = draw(st.sampled_from((2, 4, 8)))  # of a head; rotations need an even one
    groups = draw(st.sampled_from([g for g in (1, 2, 3, 4) if heads % g == 0]))
    experts = draw(st.integers(2, 5))
    width = {
        "vocab_size": draw(st.integers(20, 60)),
        "hidden_size": heads * size,
        "num_hidden_layers": draw(st.integers(1, 3)),
        "num_attention_heads": heads,
        "intermediate_size": draw(st.integers(1, 40)),
        "max_position_embeddings": 64,
        "tie_word_embeddings": draw(st.booleans()),
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 0,
    }
    llama = {**width, "num_key_value_heads": groups, "head_dim": size}
    few = draw(st.integers(1, experts))
    part = {**llama, "num_experts_per_tok": few}
    inner = draw(st.integers(1, 24))
    gpt = {
        "vocab_size": width["vocab_size"],
        "n_embd": width["hidden_size"],
        "n_layer": width["num_hidden_layers"],
        "n_head": heads,
        "n_positions": 64,
        "tie_word_embeddings": width["tie_word_embeddings"],
        "bos_token_id": 1,
        "eos_token_id": 2,
    }
    bart = {
        "vocab_size": width["vocab_size"],
        "d_model": width["hidden_size"],
        "encoder_layers": draw(st.integers(1, 3)),
        "decoder_layers": draw(st.integers(1, 3)),
        "encoder_attention_heads": heads,
        "decoder_attention_heads": heads,
        "encoder_ffn_dim": inner,
        "decoder_ffn_dim": width["intermediate_size"],
        "max_position_embeddings": 64,
        "tie_word_embeddings": True,
    }
    t5 = {
        "vocab_size": width["vocab_size"],
        "d_model": width["hidden_size"],
        "d_kv": size,
        "d_ff": inner,
        "num_layers": draw(st.integers(1, 2)),
        "num_decoder_layers": draw(st.integers(1, 3)),
        "num_heads": heads,
        "feed_forward_proj": draw(st.sampled_from(("relu", "gated-gelu"))),
        "decoder_start_token_id": 0,
    }
    return draw(
        st.sampled_from(
            [
                (t.BertForMaskedLM, t.BertConfig, width),
                (t.RobertaForSequenceClassification, t.RobertaConfig, width),
                (t.GPT2LMHeadModel, t.GPT2Config, gpt),
                (t.GPT2ForSequenceClassification, t.GPT2Config, {**gpt, "pad_token_id": 0}),
                (t.BartForConditionalGeneration, t.BartConfig, bart),
                (t.BartModel, t.BartConfig, bart),
                (t.T5ForConditionalGeneration, t.T5Config, t5),
                (t.LlamaForCausalLM, t.LlamaConfig, llama),
                (t.LlamaModel, t.LlamaConfig, llama),
                (t.Qwen3ForCausalLM, t.Qwen3Config, llama),
                (t.MixtralForCausalLM, t.MixtralConfig, {**part, "num_local_experts": experts}),
                (
                    t.Qwen3MoeForCausalLM,
                    t.Qwen3MoeConfig,
                    {**part, "num_experts": experts, "moe_intermediate_size": inner},
                ),
            ]
        )
    )


@st.composite
def drawn_models(draw):
    """A model with weights of many ties, zeros of both signs and outliers, in some dtype."""
    kind, config, sizes = draw(configs())
    note(f"{kind.__name__}({sizes})")
    torch.manual_seed(draw(st.integers(0, 99)))
    model = kind(config(**sizes)).eval().requires_grad_(False)
    steps = draw(st.sampled_from((0, 0, 3, 50)))  # 0: all distinct
    for layer in prunable_layers(model):
        if steps:
            layer.weight.copy_((layer.weight * steps / layer.weight.abs().max()).round() / 8)
        if draw(st.booleans()):
            layer.weight.view(-1)[:: draw(st.integers(2, 9))] *= -0.0
    dtype = draw(st.sampled_from(DTYPES))
    note(str(dtype))
    model = model.to(dtype)
    if draw(st.integers(0, 4)) == 0:  # as some checkpoints keep only their matrices
        eight = draw(st.sampled_from(EIGHT))
        note(str(eight))
        for layer in prunable_layers(model):
            parameter = model.get_parameter(layer.parameter)
            if parameter.dim() == 2:
                parameter.data = parameter.data.to(eight)
    return model


def bits(tensor):
    return tensor.detach().contiguous().view(torch.uint8)


def same(found, expected):
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert found[name].dtype == tensor.dtype, name
        assert torch.equal(bits(found[name]), bits(tensor)), name


def check(model, level, folder, shards):
    """Whatever way a model is pruned, stored and run, it is the same model."""
    account = parameter_account(model)
    layers = prunable_layers(model)
    total = sum(layer.weight.numel() for layer in layers)
    assert account.prunable == total
    every = {id(p) for p in model.parameters() if p.dim() > 1}
    assert {id(model.get_parameter(row.name)) for row in account.rows} <= every
    dense = {layer.name: layer.weight.detach().double() for layer in layers}
    before = torch.cat([w.flatten() for w in dense.values()]).abs()
    summary = weight_summary(model).overall
    assert (summary.weights, summary.zeros) == (total, int((before == 0).sum()))
    assert abs(summary.largest[0].value) == float(before.max())

    model.save_pretrained(folder, max_shard_size=shards)
    pruning = prune_global(model, level)
    wanted = round(level * total)
    assert pruning.zeros == wanted
    after = {layer.name: layer.weight.detach().double() for layer in prunable_layers(model)}
    flat = torch.cat([w.flatten() for w in after.values()])
    kept = flat != 0
    assert int((~kept).sum()) == max(wanted, int((before == 0).sum()))
    if kept.any() and not kept.all():
        assert before[kept].min() >= before[~kept].max()
    for name, weight in after.items():
        stays = weight != 0
        assert torch.equal(weight[stays], dense[name][stays])
    assert sparsity_of(model)[0] == int((~kept).sum()) / total

    out = folder.parent / "pruned.out"
    assert prune_files(folder, out, level).dropped == wanted
    loaded = type(model).from_pretrained(out, dtype="auto")
    own = dict(model.named_parameters())
    for name, tensor in loaded.named_parameters():
        assert torch.equal(tensor.double(), own[name].double()), name

    file = save_sparse(model, folder.parent / "file.sparse")
    same(load_sparse(file).state_dict(), model.state_dict())


def check_run(model):
    """Sparse layers give what dense ones give."""
    model.float()
    ids = torch.randint(3, 20, (2, 9), generator=torch.Generator().manual_seed(0))
    ids[:, -1] = 2
    inputs = {"input_ids": ids}
    if isinstance(model, (t.BartModel, t.T5ForConditionalGeneration)):
        inputs["decoder_input_ids"] = ids
    with torch.inference_mode():
        try:
            expected = model(**inputs)[0]
        except RuntimeError as error:  # torch multiplies experts of certain widths only
            assert "strides should be multiple of 16 bytes" in str(error)
            return
        sparse_linear(model, tokens=ids.numel(), calibrate=False)
        found = model(**inputs)[0]
        scale = max(1.0, float(expected.abs().max()))
        torch.testing.assert_close(found, expected, atol=1e-4 * scale, rtol=1e-4)
        dense_linear(model)
        torch.testing.assert_close(model(**inputs)[0], expected, atol=0, rtol=0)


def test_whatever_the_shape_all_ways_agree():
    """Draw for some minutes; hypothesis shrinks what fails."""
    warm.command("labkit")  # its first call starts a process, which is not part of any example
    started, count = time.monotonic(), 0

    def run(model, level, name, shards):
        nonlocal count
        count += 1
        note(f"level {level}, folder {name!r}, shards {shards}")
        with tempfile.TemporaryDirectory() as folder:
            check(model, level, Path(folder) / name, shards)
            check_run(model)

    drawn = given(
        drawn_models(),
        st.one_of(st.floats(0, 1), st.sampled_from((0.0, 0.1, 0.5, 0.9, 0.95, 0.99, 1.0))),
        st.sampled_from(NAMES),
        st.sampled_from(("1GB", "2KB", "20KB")),
    )
    few = settings(
        max_examples=20,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    first = int(os.environ.get("FUZZ_SEED", "0"))
    for number in itertools.count(first):
        seed(number)(few(drawn(run)))()
        if time.monotonic() - started > SECONDS:
            break
    print(f"{count} models, seeds {first} to {number}")
