import math
from itertools import pairwise

import numpy as np
import pytest
import torch
import transformers as t
from conftest import TEXTS
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

from labkit import load_model
from labkit.errors import InputError
from labkit.evaluation.text.evaluate import evaluate_text
from labkit.evaluation.text.head import Reader
from labkit.evaluation.text.spans import draw_spans, with_masks
from labkit.models.language import random_language_model

NAMES = ("gpt2", "roberta", "bart")


def ids_of(tokenizer, text):
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def logits_of(model, **inputs):
    with torch.inference_mode():
        return model(**{k: torch.tensor([v]) for k, v in inputs.items()}).logits[0].double()


def test_causal_loss_is_that_of_a_plain_loop(language_model):
    model, tokenizer = language_model("gpt2")
    found = evaluate_text(model, tokenizer, TEXTS, context=12, stride=5)
    assert (found.kind, found.measure) == ("causal", "perplexity")
    expected = []
    for text in TEXTS:
        if not text:
            continue
        ids = [tokenizer.bos_token_id, *ids_of(tokenizer, text)]
        # Token by token: which window scores it is worked out here, from its place alone.
        nats = 0.0
        for at in range(1, len(ids)):
            window = 0 if at <= 12 else math.ceil((at - 12) / 5)
            inputs = ids[5 * window : at]
            nats -= logits_of(model, input_ids=inputs)[-1].log_softmax(-1)[ids[at]].item()
        expected.append(nats)
    np.testing.assert_allclose(found.document_nats, expected, rtol=1e-5)
    assert found.document_tokens.tolist() == [len(ids_of(tokenizer, x)) for x in TEXTS if x]
    assert found.document_bytes.tolist() == [len(x.encode()) for x in TEXTS if x]
    nats, tokens, size = sum(expected), found.tokens.sum(), sum(len(x.encode()) for x in TEXTS)
    assert found.loss == pytest.approx(nats / tokens, rel=1e-5)
    assert found.perplexity == pytest.approx(math.exp(nats / tokens), rel=1e-4)
    assert found.bits_per_byte == pytest.approx(nats / math.log(2) / size, rel=1e-5)
    assert found.left_out == (
        "1 document was left out, since nothing in them shows (number 3, counted from 0)",
    )


def test_a_padding_token_of_the_tokenizer_alone_changes_nothing(language_model, monkeypatch):
    model, tokenizer = language_model("gpt2")
    expected = evaluate_text(model, tokenizer, TEXTS).nats
    # As [PAD] is added, without a row in the table.
    monkeypatch.setattr(model.config, "pad_token_id", model.config.vocab_size)
    np.testing.assert_array_equal(evaluate_text(model, tokenizer, TEXTS).nats, expected)


@pytest.mark.parametrize(("name", "special"), [("gpt2", "bos"), ("roberta", "mask")])
def test_a_special_token_that_the_model_lacks_is_named(name, special):
    model, tokenizer, _ = load_model(name, task="text")
    tokenizer.add_special_tokens({f"{special}_token": "<new>"})
    with pytest.raises(InputError, match=rf"token {len(tokenizer) - 1}, .* do not belong together"):
        evaluate_text(model, tokenizer, TEXTS)


def test_the_sliding_window_of_transformers_documentation(language_model):
    model, tokenizer = language_model("gpt2")
    ids = ids_of(tokenizer, TEXTS[4])
    max_length, stride = 16, 6
    found = evaluate_text(
        model, tokenizer, [TEXTS[4]], context=max_length - 1, stride=stride, from_start=False
    )
    # The documented loop (transformers 5.23), with transformers' own shift and mean.
    means, counts, previous = [], [], 0
    for begin in range(0, len(ids), stride):
        end = min(begin + max_length, len(ids))
        inputs = torch.tensor([ids[begin:end]])
        labels = inputs.clone()
        labels[:, : -(end - previous)] = -100
        with torch.inference_mode():
            means.append(model(inputs, labels=labels).loss.item())
        counts.append((labels[:, 1:] != -100).sum().item())
        previous = end
        if end == len(ids):
            break
    np.testing.assert_allclose(found.nats, np.multiply(means, counts), rtol=1e-5)
    assert found.tokens.tolist() == counts and sum(counts) == len(ids) - 1
    # The page then weights each mean by one token fewer than it is a mean of, in all windows but
    # the first: its figure is of the same tokens, and a little off.
    weights = [counts[0], *(count - 1 for count in counts[1:])]
    page = math.exp(np.average(means, weights=weights))
    assert page != pytest.approx(found.perplexity, rel=1e-5)
    assert page == pytest.approx(found.perplexity, rel=0.3)


def test_evaluates_perplexity_where_it_is_right(language_model):
    """The metric `perplexity` of `evaluate` (0.4.6), whose script is fetched from the hub.

    Under transformers 5 that script needs a tokenizer with a padding token; then it gives the same.
    Its definition: without special tokens, the start token in front if asked, padded on the right,
    shifted; for each text exp of the mean over its tokens; `mean_perplexity` is the mean of these.
    """
    model, tokenizer = language_model("gpt2")
    texts = ["The city said it.", "Shares of the bank fell.", "Zürich"]
    perplexities = []
    for text in texts:
        ids = [tokenizer.bos_token_id, *ids_of(tokenizer, text)]
        logits = logits_of(model, input_ids=ids)
        perplexities.append(cross_entropy(logits[:-1], torch.tensor(ids[1:])).exp().item())
    found = evaluate_text(model, tokenizer, texts)
    each = np.exp(found.document_nats / found.document_tokens)
    np.testing.assert_allclose(each, perplexities, rtol=1e-5)
    # The mean of perplexities is not the perplexity of the texts: it weights short and hard ones
    # more.  (With max_length it also cuts long texts, of which here every token counts.)
    assert np.mean(perplexities) > found.perplexity * 1.001


def test_pseudo_perplexity_masks_each_token_in_turn(language_model):
    model, tokenizer = language_model("roberta")
    texts = TEXTS[1:3]
    found = evaluate_text(model, tokenizer, texts, context=10, stride=4)
    assert (found.kind, found.measure) == ("masked", "pseudo-perplexity")
    for text, nats in zip(texts, found.document_nats, strict=True):
        ids, expected = ids_of(tokenizer, text), 0.0
        for at in range(len(ids)):
            start = 0 if at < 10 else 4 * math.ceil((at - 9) / 4)
            seen = ids[start : start + 10]
            seen[at - start] = tokenizer.mask_token_id
            logits = logits_of(model, input_ids=[tokenizer.cls_token_id, *seen, 2])
            expected -= logits[1 + at - start].log_softmax(-1)[ids[at]].item()
        assert nats == pytest.approx(expected, rel=1e-5)


def test_several_masked_at_once_is_another_measure(language_model):
    model, tokenizer = language_model("roberta")
    rows = []
    found = evaluate_text(
        model, tokenizer, TEXTS[1:2], at_once=4, progress=lambda done, total: rows.append(total)
    )
    ids = ids_of(tokenizer, TEXTS[1])
    assert found.measure == "perplexity of 4 masked at once"
    assert rows[-1] == math.ceil(len(ids) / 4) < len(ids) and found.tokens.sum() == len(ids)
    expected, step = 0.0, math.ceil(len(ids) / 4)
    for first in range(step):
        hidden = range(first, len(ids), step)
        seen = [tokenizer.mask_token_id if i in hidden else x for i, x in enumerate(ids)]
        logits = logits_of(model, input_ids=[0, *seen, 2]).log_softmax(-1)
        expected -= sum(logits[1 + i, ids[i]].item() for i in hidden)
    assert found.nats.sum() == pytest.approx(expected, rel=1e-5)
    with pytest.raises(InputError, match="only a masked model masks"):
        evaluate_text(*language_model("gpt2"), TEXTS, at_once=2)


def test_denoising_loss_is_the_sequence_to_sequence_loss_of_the_original(language_model):
    model, tokenizer = language_model("bart")
    found = evaluate_text(model, tokenizer, TEXTS[1:2], seed=3)
    assert found.measure == "denoising perplexity"
    ids = ids_of(tokenizer, TEXTS[1])
    noisy = with_masks(ids, draw_spans(len(ids), np.random.default_rng([3, 0, 0])), 1366)
    assert tokenizer.mask_token_id == 1366 and noisy != ids
    target = [0, *ids, 2]
    with torch.inference_mode():
        logits = model(
            input_ids=torch.tensor([[0, *noisy, 2]]), labels=torch.tensor([target])
        ).logits[0]
    expected = cross_entropy(logits[1:-1].double(), torch.tensor(ids)).item()
    assert found.loss == pytest.approx(expected, rel=1e-5)
    again = evaluate_text(model, tokenizer, TEXTS[1:2], seed=4)
    assert again.loss != found.loss, "other spans are masked"


@given(st.integers(1, 300), st.integers(0, 1000))
def test_spans_hold_the_share_and_never_touch(count, seed):
    spans = draw_spans(count, np.random.default_rng(seed))
    assert sum(stop - start for start, stop in spans) == max(1, round(0.3 * count))
    assert spans[0][0] >= 0 and spans[-1][1] <= count
    assert all(b[0] > a[1] for a, b in pairwise(spans))
    noisy = with_masks(list(range(count)), spans, -1)
    assert noisy.count(-1) == len(spans)
    kept = [i for i in range(count) if not any(a <= i < b for a, b in spans)]
    assert [i for i in noisy if i >= 0] == kept


@settings(deadline=None, max_examples=8)
@given(
    st.sampled_from(NAMES), st.integers(1, 7), st.integers(8, 200), st.integers(6, 20), st.data()
)
def test_loss_does_not_depend_on_batches(language_model, name, size, tokens, context, data):
    model, tokenizer = language_model(name)
    stride = data.draw(st.integers(context // 2, context))
    shape = {"context": context, "stride": stride}
    texts = TEXTS[:3]
    alone = evaluate_text(model, tokenizer, texts, batch_size=1, **shape)
    together = evaluate_text(model, tokenizer, texts, batch_size=size, batch_tokens=tokens, **shape)
    np.testing.assert_allclose(together.nats, alone.nats, rtol=2e-5)
    assert alone.tokens.sum() == sum(len(ids_of(tokenizer, text)) for text in texts)
    assert together.row().keys() == alone.row().keys()


def test_without_start_token_the_first_token_and_its_bytes_are_left_out(language_model):
    model, tokenizer = language_model("gpt2")
    texts = ["The city", "Shares of the bank fell.", "s"]
    assert len(ids_of(tokenizer, "s")) == 1
    found = evaluate_text(model, tokenizer, texts, from_start=False)
    assert found.scored.tolist() == [0, 1] and len(found) == 2
    assert "number 2" in found.left_out[0] and "first token of each" in found.remarks[0]
    first = tokenizer.decode(ids_of(tokenizer, texts[0])[:1])
    assert found.document_bytes[0] == len("The city") - len(first)
    with pytest.raises(InputError, match="no document is left to score"):
        evaluate_text(model, tokenizer, ["s"], from_start=False)


def test_share_with_context_counts_what_stands_before_a_token(language_model):
    model, tokenizer = language_model("gpt2")
    text = TEXTS[4]
    count = len(ids_of(tokenizer, text))
    every = evaluate_text(model, tokenizer, [text], context=8, stride=1)
    # All but the first four have half of eight tokens before them.
    assert every.with_context == pytest.approx((count - 4) / count)
    chunks = evaluate_text(model, tokenizer, [text], context=8, stride=8)
    assert chunks.with_context < 0.7
    assert evaluate_text(model, tokenizer, TEXTS[1:2], context=32).with_context == 0


@pytest.mark.parametrize("name", NAMES)
def test_half_precision_sums_the_softmax_in_float32(language_model, name):
    model, tokenizer = language_model(name)
    exact = evaluate_text(model, tokenizer, TEXTS[1:3])
    half = model.__class__(model.config).eval()
    half.load_state_dict(model.state_dict())
    found = evaluate_text(half.to(torch.bfloat16), tokenizer, TEXTS[1:3])
    assert found.loss == pytest.approx(exact.loss, rel=0.05)
    # In bfloat16 itself a nat has steps of 1/32 at 6: sums of such steps would show.
    assert len(np.unique(np.round(found.nats * 32) - found.nats * 32)) > 1


def test_logits_of_a_large_vocabulary_are_never_all_in_memory(tokenizers):
    config = t.GPT2Config(n_embd=8, n_layer=1, n_head=1, n_positions=64, vocab_size=60_000)
    model = random_language_model(config, 0).eval()
    model.config.pad_token_id = 0
    largest = []
    real = model.lm_head.forward
    model.lm_head.forward = lambda x: largest.append(x.numel() // 8) or real(x)
    found = evaluate_text(model, tokenizers["gpt2"], [TEXTS[4]] * 8, batch_tokens=4096)
    assert found.tokens.sum() == 8 * len(ids_of(tokenizers["gpt2"], TEXTS[4])) > 600
    assert 4 * 60_000 * max(largest) <= 1 << 26


def test_logits_that_are_changed_after_the_head_are_read_as_they_are(tokenizers):
    """Gemma 2 caps its logits: there is more than its output matrix."""
    config = t.Gemma2Config(
        vocab_size=1400,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=8,
        intermediate_size=32,
        max_position_embeddings=64,
        sliding_window=16,
        final_logit_softcapping=0.5,
    )
    model, tokenizer = random_language_model(config, 0).eval(), tokenizers["gpt2"]
    found = evaluate_text(model, tokenizer, TEXTS[1:2], context=20)
    ids = [tokenizer.bos_token_id, *ids_of(tokenizer, TEXTS[1])]
    logits = logits_of(model, input_ids=ids)
    assert logits.abs().max() < 0.5
    expected = cross_entropy(logits[:-1], torch.tensor(ids[1:])).item()
    assert found.loss == pytest.approx(expected, rel=1e-5)
    assert Reader(model, {"input_ids": torch.tensor([ids])}).head is None
    assert "look back 16 tokens only" in found.remarks[-1]


def test_a_model_that_reads_on_is_no_causal_model(tokenizers):
    config = t.XLNetConfig(vocab_size=1400, d_model=16, n_layer=2, n_head=2, d_inner=32)
    model = random_language_model(config, 0).eval()
    with pytest.raises(InputError, match="XLNetLMHeadModel is no causal model"):
        evaluate_text(model, tokenizers["gpt2"], TEXTS)


def test_special_words_in_a_text_are_text(language_model):
    model, tokenizer = language_model("roberta")
    text = "The <mask> said </s> it."
    found = evaluate_text(model, tokenizer, [text])
    assert found.tokens.sum() > len(ids_of(tokenizer, text))
    assert found.document_bytes.tolist() == [len(text)]


def test_a_tokenizer_that_loses_letters_is_told(tmp_path):
    words = ["[UNK]", "[PAD]", "[CLS]", "[SEP]", "[MASK]", "the", "city", "said"]
    (tmp_path / "vocab.txt").write_text("\n".join(words))
    tokenizer = t.BertTokenizer(str(tmp_path / "vocab.txt"))
    config = t.BertConfig(
        vocab_size=8,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=16,
        pad_token_id=1,
    )
    model = random_language_model(config, 0).eval()
    found = evaluate_text(model, tokenizer, ["The city said", "The mayor said"])
    assert "1 of 6 tokens are unknown" in found.remarks[0]
    assert "does not give back 2 of 2 documents" in found.remarks[1]
    assert found.document_bytes.tolist() == [13, 14]
    assert "are unknown" in found.row()["text_remarks"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"context": 33}, "context is 33, and the model takes 32 tokens"),
        ({"context": 8, "stride": 9}, "stride is 9 and context 8"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"texts": []}, "no documents"),
        ({"texts": "The city said"}, "pass a list"),
        ({"texts": ["", " \n"]}, "no document is left"),
        ({"texts": ["a", 3]}, "document 1 is a int, not a text"),
        ({"texts": ["a", "\ud800"]}, "document 1 is no Unicode text"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(language_model, change, message):
    model, tokenizer = language_model("gpt2")
    with pytest.raises(InputError, match=message):
        evaluate_text(model, tokenizer, **({"texts": TEXTS} | change))


def test_models_that_cannot_be_asked_are_refused(language_model, tokenizers, tiny):
    with pytest.raises(InputError, match="no language-model head"):
        evaluate_text(*load_model("gpt2")[:2], TEXTS)
    with pytest.raises(InputError, match="no mask token"):
        evaluate_text(language_model("bart")[0], tokenizers["gpt2"], TEXTS)
    model, _ = language_model("bart")
    before, model.config.decoder_start_token_id = model.config.decoder_start_token_id, None
    try:
        with pytest.raises(InputError, match="no decoder_start_token_id"):
            evaluate_text(model, tokenizers["bart"], TEXTS)
    finally:
        model.config.decoder_start_token_id = before
    small = random_language_model(tiny("opt").config, 0)
    with pytest.raises(InputError, match="embeddings for 0 to 299"):
        evaluate_text(small, tokenizers["gpt2"], TEXTS)


@pytest.mark.parametrize("name", NAMES)
def test_weights_that_are_not_finite_are_refused(language_model, name):
    model, tokenizer = language_model(name)
    broken = model.__class__(model.config)
    with torch.no_grad():
        broken.get_input_embeddings().weight.fill_(float("nan"))
    with pytest.raises(InputError, match="loss of document 0 is not a finite number"):
        evaluate_text(broken, tokenizer, TEXTS[:2])


def test_the_model_is_left_as_it_was(language_model):
    model, tokenizer = language_model("gpt2")
    model.train()
    torch.manual_seed(5)
    expected = torch.rand(2)
    torch.manual_seed(5)
    evaluate_text(model, tokenizer, TEXTS)
    assert model.training and torch.equal(torch.rand(2), expected)
    assert not model.lm_head._forward_pre_hooks
    model.eval()


@pytest.mark.parametrize("text", ["\u200b", "\ufeff\u200d \n", "\u2800", "\u00ad"])
def test_a_document_of_which_nothing_shows_is_left_out(text):
    model, tokenizer, _ = load_model("gpt2", task="text")
    found = evaluate_text(model, tokenizer, ["We met her .", text])
    assert found.scored.tolist() == [0]
    assert found.left_out == (
        "1 document was left out, since nothing in them shows (number 1, counted from 0)",
    )
