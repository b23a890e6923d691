"""The three mini models: real classes of `transformers`, small sizes, and their inner states."""

from typing import TYPE_CHECKING, Final

from labkit.mini.corpus import LABELS
from labkit.mini.tokenizers import MAX_LENGTH
from labkit.models.sources import check_name

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerFast

WIDTH: Final = 128
HEADS: Final = 4
# At this width the usual 0.02 makes attention start out so uniform that training stays at the
# majority class for thousands of steps.
INIT_STD: Final = 0.08


def build_config(
    name: str, tokenizer: "PreTrainedTokenizerFast", task: str = "mrpc"
) -> "PreTrainedConfig":
    """The configuration of a mini model for its tokenizer: width 128, 4 heads, no dropout."""
    from transformers import BartConfig, GPT2Config, RobertaConfig

    check_name(name)
    common = {
        "vocab_size": len(tokenizer),
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
    }
    if task == "mrpc":
        common["id2label"] = dict(enumerate(LABELS))
        common["label2id"] = {label: i for i, label in enumerate(LABELS)}
    if name == "gpt2":
        # As with the original, the tokenizer has no padding token, and the classifier needs one
        # to find the last real token of a row.
        return GPT2Config(
            **common,
            pad_token_id=tokenizer.eos_token_id,
            n_positions=MAX_LENGTH,
            n_embd=WIDTH,
            n_layer=4,
            n_head=HEADS,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            resid_pdrop=0.0,
            initializer_range=INIT_STD,
        )
    common["pad_token_id"] = tokenizer.pad_token_id
    if name == "roberta":
        return RobertaConfig(
            **common,
            hidden_size=WIDTH,
            num_hidden_layers=4,
            num_attention_heads=HEADS,
            intermediate_size=4 * WIDTH,
            max_position_embeddings=MAX_LENGTH + tokenizer.pad_token_id + 1,
            type_vocab_size=1,
            layer_norm_eps=1e-5,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            initializer_range=INIT_STD,
        )
    return BartConfig(
        **common,
        d_model=WIDTH,
        encoder_layers=3,
        decoder_layers=3,
        encoder_attention_heads=HEADS,
        decoder_attention_heads=HEADS,
        encoder_ffn_dim=4 * WIDTH,
        decoder_ffn_dim=4 * WIDTH,
        max_position_embeddings=MAX_LENGTH,
        dropout=0.0,
        attention_dropout=0.0,
        activation_dropout=0.0,
        classifier_dropout=0.0,
        init_std=INIT_STD,
        decoder_start_token_id=tokenizer.eos_token_id,
        forced_eos_token_id=tokenizer.eos_token_id,
    )


def build_model(name: str, tokenizer: "PreTrainedTokenizerFast", seed: int) -> "PreTrainedModel":
    """An untrained sequence classifier with weights drawn from `seed` (fp32, on the CPU)."""
    import torch
    from transformers import (
        BartForSequenceClassification,
        GPT2ForSequenceClassification,
        RobertaForSequenceClassification,
    )

    classes = {
        "roberta": RobertaForSequenceClassification,
        "gpt2": GPT2ForSequenceClassification,
        "bart": BartForSequenceClassification,
    }
    config = build_config(name, tokenizer)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return classes[name](config)


def build_language_model(
    name: str, tokenizer: "PreTrainedTokenizerFast", seed: int
) -> "PreTrainedModel":
    """An untrained model with its language-model head, weights drawn from `seed`.

    GPT-2 predicts the next token, RoBERTa hidden ones, BART the text that a damaged one was.
    """
    import torch
    from transformers import BartForConditionalGeneration, GPT2LMHeadModel, RobertaForMaskedLM

    classes = {
        "roberta": RobertaForMaskedLM,
        "gpt2": GPT2LMHeadModel,
        "bart": BartForConditionalGeneration,
    }
    config = build_config(name, tokenizer, "text")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return classes[name](config)


def token_states(name: str, model: "PreTrainedModel", ids: "Tensor", mask: "Tensor") -> list:
    """Last hidden states (B x T x width) of the classifier's body.

    One tensor for RoBERTa and GPT-2; for BART the encoder's and the decoder's.  BART's decoder
    reads the same sequence one place to the right, as its classifier does.
    """
    if name == "bart":
        out = model.model(input_ids=ids, attention_mask=mask, use_cache=False)
        return [out.encoder_last_hidden_state, out.last_hidden_state]
    body = model.roberta if name == "roberta" else model.transformer
    extra = {} if name == "roberta" else {"use_cache": False}
    return [body(input_ids=ids, attention_mask=mask, **extra).last_hidden_state]


def class_logits(name: str, model: "PreTrainedModel", state: "Tensor", mask: "Tensor") -> "Tensor":
    """Logits (B x 2) from the body's last state, as the model's own `forward` computes them.

    RoBERTa reads `<s>`; GPT-2 and BART read the last token that is not padding, which for BART is
    the last `</s>`.
    """
    import torch

    if name == "roberta":
        return model.classifier(state)
    last = state[torch.arange(len(state)), mask.sum(dim=1) - 1]
    return model.score(last) if name == "gpt2" else model.classification_head(last)
