"""Models with a language-model head: which kind they are, and how they are loaded.

A head is never drawn for want of a trained one: what it would say of a text is noise that looks
like a result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.errors import InputError, SourceError
from labkit.models import recomputed, unread
from labkit.models.load_errors import remedy
from labkit.models.quiet import quiet

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedConfig, PreTrainedModel

CAUSAL, MASKED, DENOISING = "causal", "masked", "denoising"

KINDS = (CAUSAL, MASKED, DENOISING)
"""What a language model was trained to say: the next token (GPT-2), a masked one (RoBERTa), or a
text of which spans were masked (BART)."""

_OTHER_HEADS = ("classifier.", "score.", "classification_head.", "qa_outputs.", "pre_classifier.")


def language_kind(model: nn.Module) -> str:
    """One of `KINDS`, from the model's class.

    Raises:
        InputError: the model has no language-model head (a classifier, a bare body).
    """
    names = {parent.__name__ for parent in type(model).__mro__}
    if getattr(getattr(model, "config", None), "is_encoder_decoder", False):
        found = [DENOISING] if names & _classes(DENOISING) else []
    else:
        decoder = getattr(getattr(model, "config", None), "is_decoder", False)
        order = (CAUSAL, MASKED) if decoder else (MASKED, CAUSAL)
        found = [kind for kind in order if names & _classes(kind)]
    if not found:
        raise InputError(
            f"{type(model).__name__} has no language-model head, so that it says nothing of a "
            "text's tokens: load it with load_model(..., task='text'), or as "
            "AutoModelForCausalLM, AutoModelForMaskedLM or AutoModelForSeq2SeqLM"
        )
    return found[0]


def tied_head(model: PreTrainedModel) -> bool:
    """Whether the head's matrix is the table of the token embeddings, one tensor for both."""
    head, table = model.get_output_embeddings(), model.get_input_embeddings()
    weight = getattr(head, "weight", None)
    return weight is not None and weight is getattr(table, "weight", None)


def random_language_model(config: PreTrainedConfig, seed: int) -> PreTrainedModel:
    """The model of `config` with its head, all weights drawn from the seed."""
    import torch

    kind = _kind_of_config("this configuration", config)
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(seed)
        return _auto_class(kind).from_config(config)


def load_language_model(where: str, options: dict) -> PreTrainedModel:
    """The checkpoint `where` (a folder, or an id with its `options`) with its trained head.

    A head that is tied to the embeddings needs no weights of its own in the checkpoint.

    Raises:
        SourceError: it cannot be loaded, is no language model, or lacks weights of body or head.
    """
    import transformers

    try:
        with quiet():
            config = transformers.AutoConfig.from_pretrained(where, **options)
            kind = _kind_of_config(where, config)
            model, loading = _auto_class(kind).from_pretrained(
                where, output_loading_info=True, ignore_mismatched_sizes=True, **options
            )
    except SourceError:
        raise
    except Exception as error:  # of many libraries, of many types
        raise SourceError(f"cannot load {where}: {remedy(where, options, error)}") from error
    _check_head(where, model, loading)
    return model


def _check_head(where: str, model: PreTrainedModel, loading: dict) -> None:
    """Refuse a model of which any weight would be drawn, or whose head was made for another task.

    Raises:
        SourceError: names the checkpoint, the first weight and the remedy.
    """
    unexpected = sorted(loading["unexpected_keys"])
    recomputed.check_names(where, unexpected)
    unread.check(where, model, unexpected)
    mismatched = {key[0] if isinstance(key, tuple) else key for key in loading["mismatched_keys"]}
    missing = sorted((set(loading["missing_keys"]) | mismatched) - _kept(model))
    other = [key for key in unexpected if key.startswith(_OTHER_HEADS)]
    if other:
        raise SourceError(
            f"{where} is a classifier ({other[0]} is in it), not a language model: fine-tuning "
            "changed its body for another task. Take the checkpoint that it was fine-tuned from, "
            "or load it with task='mrpc'."
        )
    if not missing:
        return
    body = f"{model.base_model_prefix}."
    lost = [name for name in missing if name.startswith(body)]
    head = [name for name in missing if not name.startswith(body)]
    how = "or have another shape, " if mismatched else ""
    if head:
        tied = getattr(model.config, "tie_word_embeddings", False)
        why = (
            "its output matrix is tied to the embeddings, but these weights of the head are its own"
            if tied
            else "its config.json says that the head is not tied to the embeddings "
            "(tie_word_embeddings is false)"
        )
        raise SourceError(
            f"{where} has no trained language-model head: {len(head)} weights are missing, {how}"
            f"the first being {head[0]}; {why}. A head drawn at random would say nothing of the "
            "text: save the model with its head (AutoModelForCausalLM, AutoModelForMaskedLM or "
            "AutoModelForSeq2SeqLM .save_pretrained)."
        )
    raise SourceError(
        f"{where} lacks {len(lost)} weights of the model's body, {how}the first being {lost[0]}: "
        "config.json and the weights do not belong together. Fetch or copy the checkpoint again."
    )


def _kept(model: PreTrainedModel) -> set[str]:
    """Weights that no language model needs: the pooler, which reads a sentence for a classifier."""
    return {name for name, _ in model.named_parameters() if ".pooler." in name}


def _kind_of_config(where: str, config: PreTrainedConfig) -> str:
    """The kind that a checkpoint of this configuration is loaded as.

    A family that has both heads (BERT, RoBERTa) is masked unless `is_decoder` says otherwise.
    """
    from transformers.models.auto import modeling_auto as auto

    name = config.model_type
    if getattr(config, "is_encoder_decoder", False):
        found = [DENOISING] if name in auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES else []
    else:
        masked = name in auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES
        causal = name in auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
        found = [MASKED] if masked and not getattr(config, "is_decoder", False) else []
        found += [CAUSAL] if causal else []
    if not found:
        import transformers

        raise SourceError(
            f"cannot load {where} as a language model: its family {name!r} has neither a causal "
            f"nor a masked nor a denoising head in transformers {transformers.__version__}. It "
            "can still be pruned on disk (labkit prune)."
        )
    return found[0]


def _auto_class(kind: str) -> type:
    import transformers

    return {
        CAUSAL: transformers.AutoModelForCausalLM,
        MASKED: transformers.AutoModelForMaskedLM,
        DENOISING: transformers.AutoModelForSeq2SeqLM,
    }[kind]


def _classes(kind: str) -> set[str]:
    from transformers.models.auto import modeling_auto as auto

    mapping = {
        CAUSAL: auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
        MASKED: auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES,
        DENOISING: auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
    }[kind]
    values = (value if isinstance(value, (tuple, list)) else (value,) for value in mapping.values())
    return {name for names in values for name in names}
