import math

import pytest
import torch

from labkit import sample_text
from labkit.errors import InputError
from labkit.evaluation.text import grammatical_share, repetition


def greedy(model, ids, tokens, **fixed):
    for _ in range(tokens):
        with torch.inference_mode():
            if fixed:
                logits = model(**fixed, decoder_input_ids=torch.tensor([ids])).logits
            else:
                logits = model(torch.tensor([ids])).logits
        ids = [*ids, int(logits[0, -1].argmax())]
    return ids


def test_greedy_is_a_plain_loop(language_model):
    model, tokenizer = language_model("gpt2")
    [found] = sample_text(model, tokenizer, ["The city said"], tokens=8)
    start = [tokenizer.bos_token_id, *tokenizer("The city said")["input_ids"]]
    expected = greedy(model, start, 8)[len(start) :]
    assert list(found.ids) == expected[: len(found.ids)] and found.ids
    assert (found.prompt, found.text) == ("The city said", tokenizer.decode(list(found.ids)))
    assert found.whole == found.prompt + found.text


def test_denoising_models_fill_in_a_text(language_model):
    model, tokenizer = language_model("bart")
    [found] = sample_text(model, tokenizer, ["The city <mask> on Monday."], tokens=6)
    given = torch.tensor([tokenizer("The city <mask> on Monday.")["input_ids"]])
    written = greedy(model, [2, 0], 6, input_ids=given)[2:]
    expected = [token for token in written if token not in tokenizer.all_special_ids]
    assert list(found.ids) == expected[: len(found.ids)] and found.whole == found.text
    with pytest.raises(InputError, match=r"no mask in the prompt 'The city'.*<mask>"):
        sample_text(model, tokenizer, ["The city"])


def test_draws_are_seeded_and_follow_the_distribution(language_model):
    model, tokenizer = language_model("gpt2")
    options = {"tokens": 12, "temperature": 1.0}
    prompts = ["", "The bank"]
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    first = sample_text(model, tokenizer, prompts, seed=5, **options)
    assert torch.equal(torch.rand(2), expected), "the global state is as it was"
    assert sample_text(model, tokenizer, prompts, seed=5, **options) == first
    assert sample_text(model, tokenizer, prompts, seed=9, **options) != first
    assert sample_text(model, tokenizer, prompts[:1], seed=5, **options) == first[:1]
    top = sample_text(model, tokenizer, prompts, seed=5, tokens=12, temperature=1.0, top_k=1)
    assert top == sample_text(model, tokenizer, prompts, tokens=12)
    # One step, many seeds: the likeliest token comes as often as its probability says.
    with torch.inference_mode():
        logits = model(torch.tensor([[tokenizer.bos_token_id]])).logits[0, -1] / 4
    token, chance = int(logits.argmax()), float(logits.softmax(-1).max())
    drawn = [
        sample_text(model, tokenizer, [""], tokens=1, temperature=4.0, seed=seed)[0].ids
        for seed in range(150)
    ]
    share = sum(ids == (token,) for ids in drawn) / 150
    assert abs(share - chance) < 4 * math.sqrt(chance * (1 - chance) / 150)


def test_settings_of_the_model_are_not_used(language_model):
    model, tokenizer = language_model("gpt2")
    [expected] = sample_text(model, tokenizer, ["The bank"], tokens=8)
    own = model.generation_config
    before = own.to_dict()
    try:
        own.update(do_sample=True, temperature=3.0, repetition_penalty=9.0, min_new_tokens=20)
        assert sample_text(model, tokenizer, ["The bank"], tokens=8) == [expected]
    finally:
        own.update(**before)


def test_the_mini_model_writes_sentences_of_its_grammar():
    from labkit import load_model

    model, tokenizer, _ = load_model("gpt2", task="text")
    samples = sample_text(model, tokenizer, ["", ""], tokens=60, seed=1, temperature=0.5)
    assert grammatical_share([sample.whole for sample in samples]) > 0.5
    assert len({sample.text for sample in samples}) == 2
    assert repetition([sample.ids for sample in samples]) < 0.2
    # The same words backwards are not.
    assert grammatical_share([" ".join(samples[0].whole.split()[::-1]) + " ."]) == 0


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("roberta", {}, r"is a masked model.*no order"),
        ("gpt2", {"tokens": 0}, "tokens is 0"),
        ("gpt2", {"temperature": -1.0}, "temperature -1.0"),
        ("gpt2", {"prompts": "The city"}, "pass a list"),
        ("gpt2", {"tokens": 32}, "the model takes 32"),
        ("gpt2", {"top_k": 0}, "top_k 0"),
    ],
)
def test_what_cannot_be_written_is_refused(language_model, name, change, message):
    model, tokenizer = language_model(name)
    with pytest.raises(InputError, match=message):
        sample_text(model, tokenizer, **({"prompts": ["The city"]} | change))


def test_logits_that_are_not_finite_are_refused(language_model):
    model, tokenizer = language_model("gpt2")
    broken = model.__class__(model.config)
    with torch.no_grad():
        broken.transformer.wte.weight.fill_(float("nan"))
    for temperature in (0.0, 1.0):
        with pytest.raises(InputError, match="not finite"):
            sample_text(broken, tokenizer, ["The city"], tokens=2, temperature=temperature)


def test_repetition_counts_what_stood_there_before():
    assert repetition([1, 2, 3, 4, 5, 6]) == 0
    assert repetition([1, 2, 3, 4, 1, 2, 3, 4]) == pytest.approx(1 / 5)
    assert repetition([7] * 10) == pytest.approx(6 / 7)
    assert repetition(["a b a b a b", "c d"], n=2) == pytest.approx(3 / 6)
    assert repetition("a b a b a b", n=2) == pytest.approx(3 / 5)
    assert repetition([(1, 2), (1, 2)], n=2) == 0, "each text stands for itself"
    assert repetition([1, 2]) == repetition([]) == 0
    with pytest.raises(InputError, match="n is 0"):
        repetition([1], n=0)
