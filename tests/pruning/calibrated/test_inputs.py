"""What each layer is seen to get, block by block, whatever the family; and what is refused."""

import pytest
import torch
from pruning.calibrated import oracle

from labkit import load_model
from labkit.errors import InputError
from labkit.models.prunable import prunable_layers
from labkit.pruning import calibrate, draw_sequences, prune_wanda


def seen(model, sequences, **options):
    """Layer's name → all its inputs, and the blocks in their order."""
    found, order = {}, []
    for block in calibrate(model, sequences, **options):
        order.append((block.stack, block.number))
        block.see(lambda layer, x: found.setdefault(layer.name, []).append(x.clone()))
    return {name: torch.cat(parts) for name, parts in found.items()}, order


def sums(x):
    return x.T @ x


@pytest.mark.parametrize(
    ("family", "head"),
    [
        ("gpt2", "CausalLM"),
        ("gpt2", "SequenceClassification"),
        ("roberta", "MaskedLM"),
        ("roberta", ""),
        ("bart", "Seq2SeqLM"),
        ("bart", "CausalLM"),
        ("llama", "CausalLM"),
        ("t5", "Seq2SeqLM"),
    ],
)
def test_layers_get_what_a_plain_forward_pass_gives_them(build, padded, family, head):
    model = build(family, head)
    found, order = seen(model, padded)
    names = [layer.name for layer in prunable_layers(model)]
    expected = oracle.inputs_of(model, names, padded)
    assert set(found) == set(expected)
    # A decoder without an encoder has cross-attention that never runs.
    unseen = {name for name in names if "encoder_attn" in name} if head == "CausalLM" else set()
    assert set(names) - set(found) == unseen
    assert order == list(dict.fromkeys((x.stack, x.block) for x in prunable_layers(model)))
    for name in found:
        assert len(found[name]) == int(padded["attention_mask"].sum())
        torch.testing.assert_close(sums(found[name]), sums(expected[name]), msg=name)


def test_padding_on_the_left_counts_as_little_as_on_the_right(build, padded):
    model = build("llama")
    left = {name: torch.stack([row.flip(0) for row in x]) for name, x in padded.items()}
    right = {name: x.clone() for name, x in left.items()}
    for row, mask in enumerate(left["attention_mask"]):
        right["attention_mask"][row] = mask.flip(0)
        real = left["input_ids"][row][mask.bool()]
        right["input_ids"][row] = 1
        right["input_ids"][row, : len(real)] = real
    one, other = seen(model, left)[0], seen(model, right)[0]
    for name in one:
        assert torch.equal(sums(one[name]), sums(other[name]))


def test_blocks_see_what_is_left_of_those_before_them(build, padded):
    model, plain = build("bart", "Seq2SeqLM"), build("bart", "Seq2SeqLM")
    for block in calibrate(model, padded):
        names = [layer.name for layer in block.layers]
        expected = oracle.inputs_of(plain, names, padded)
        found = {}
        block.see(lambda layer, x, found=found: found.setdefault(layer.name, []).append(x.clone()))
        for name in names:
            torch.testing.assert_close(sums(torch.cat(found[name])), sums(expected[name]))
        for one in (model, plain):  # any change will do
            for layer in prunable_layers(one):
                if layer.name in names:
                    layer.weight.detach()[::2] *= -0.5


def test_experts_see_the_tokens_that_are_routed_to_them(build, padded):
    model = build("mixtral")
    before = model.config._experts_implementation
    found, _ = seen(model, padded)
    assert model.config._experts_implementation == before
    tokens = int(padded["attention_mask"].sum())
    experts = [layer for layer in prunable_layers(model) if layer.expert >= 0]
    for block in (0, 1):
        for which in ("gate_up_proj", "down_proj"):
            own = [x.name for x in experts if x.block == block and which in x.name]
            # Each token goes to two experts of the eight.
            assert sum(len(found.get(name, ())) for name in own) == 2 * tokens
    few, _ = seen(model, padded["input_ids"][:1, :1])
    unseen = [layer.name for layer in experts if layer.name not in few]
    assert len(unseen) == 2 * 2 * 6
    pruning = prune_wanda(model, padded["input_ids"][:1, :1], 0.5)
    assert len(pruning.left_out) == len(unseen)
    assert all(name in line for name, line in zip(unseen, pruning.left_out, strict=True))
    assert "no token" in pruning.left_out[0]
    rows = pruning.table().set_index("parameter")
    assert (rows.loc[unseen].zeros == 0).all() and (rows.drop(unseen).sparsity == 0.5).all()


def test_the_model_is_left_as_it_was(build, padded):
    model = build("gpt2").train()
    model.transformer.h[0].eval()
    before = {name: p.clone() for name, p in model.state_dict().items()}
    for number, block in enumerate(calibrate(model, padded)):
        assert torch.is_grad_enabled() and not model.training
        block.see(lambda layer, x: None)
        if number == 1:
            break
    del block
    assert model.training and not model.transformer.h[0].training
    assert all("forward" not in module.__dict__ for module in model.modules())
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])


def test_a_turn_that_is_over_is_refused(build, padded):
    first = None
    for block in calibrate(build("gpt2"), padded):
        if first:
            with pytest.raises(InputError, match="turn is over"):
                first.see(lambda layer, x: None)
        first = block


def test_texts_are_encoded_and_cut_to_the_positions():
    model, tokenizer, _ = load_model("gpt2")
    short, long = "the river rose", "the river rose " * 400
    found, _ = seen(model, [short], tokenizer=tokenizer)
    ids = tokenizer(short)["input_ids"]
    assert all(len(x) == len(ids) for x in found.values())
    pruning = prune_wanda(model, [short, long], 0.5, tokenizer=tokenizer)
    assert pruning.sequences == 2
    assert pruning.notes == (f"1 of 2 texts were cut to {model.config.n_positions} tokens",)
    with pytest.raises(InputError, match="tokenizer="):
        next(calibrate(model, [short]))


def test_windows_are_pieces_of_the_text():
    _, tokenizer, _ = load_model("gpt2")
    texts = ["the river rose on monday", "the council met"]
    stream = []
    for text in texts:
        stream += [*tokenizer(text, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]
    found = draw_sequences(texts, tokenizer, count=200, length=4, seed=1)
    pieces = {tuple(stream[i : i + 4]) for i in range(len(stream) - 3)}
    assert {tuple(row.tolist()) for row in found} == pieces
    assert torch.equal(found, draw_sequences(texts, tokenizer, count=200, length=4, seed=1))
    assert not torch.equal(found, draw_sequences(texts, tokenizer, count=200, length=4, seed=2))
    with pytest.raises(
        InputError, match=f"have {len(stream)} tokens together, and a window needs 99"
    ):
        draw_sequences(texts, tokenizer, length=99)


def test_what_cannot_be_calibrated_is_said(build, padded, tiny):
    model, ids = build("gpt2"), padded["input_ids"]
    for nothing in ([], torch.zeros(0, 4, dtype=torch.int64), torch.zeros(2, 0).long()):
        with pytest.raises(InputError, match="calibration is empty"):
            next(calibrate(model, nothing))
    with pytest.raises(InputError, match=r"sequence 1 has 25 tokens, .* positions for 24"):
        next(calibrate(model, [ids[0], torch.ones(25, dtype=torch.int64)]))
    with pytest.raises(InputError, match=r"holds the token id 60, .* 0 to 59"):
        next(calibrate(model, torch.tensor([[3, 60]])))
    with pytest.raises(InputError, match=r"torch\.float32; token ids are whole"):
        next(calibrate(model, torch.rand(2, 3)))
    holes = padded | {"attention_mask": torch.tensor([[1, 0, 1] * 4] * 5)}
    with pytest.raises(InputError, match="row 0 has zeros between ones"):
        next(calibrate(model, holes))
    t5 = build("t5", "Seq2SeqLM")
    t5.config.decoder_start_token_id = None
    with pytest.raises(InputError, match="decoder_start_token_id"):
        next(calibrate(t5, ids))
    model.transformer.h[1].mlp = model.transformer.h[0].mlp
    with pytest.raises(InputError, match=r"h\.1\.mlp.* is also a weight of transformer\.h\.0"):
        next(calibrate(model, ids))


def test_blocks_that_run_twice_are_refused():
    import transformers as t

    albert = t.AlbertModel(
        t.AlbertConfig(
            hidden_size=16,
            embedding_size=8,
            num_attention_heads=2,
            intermediate_size=16,
            vocab_size=60,
        )
    )
    with pytest.raises(InputError, match="runs 12 times in one forward pass"):
        next(calibrate(albert, torch.ones(1, 4, dtype=torch.int64)))


def test_sequences_without_a_token_are_left_out_and_counted(build, padded):
    padded["attention_mask"][2] = 0
    pruning = prune_wanda(build("gpt2"), padded, 0.5)
    assert (pruning.sequences, pruning.tokens) == (4, int(padded["attention_mask"].sum()))
    assert pruning.notes == ("1 of 5 sequences hold no token and were left out",)
