"""What a language model writes, and how often it repeats itself."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labkit.errors import InputError
from labkit.evaluation.batches import embedded, positions
from labkit.evaluation.text.documents import frame
from labkit.evaluation.text.evaluate import start_token
from labkit.mini.parser import grammatical_share
from labkit.models.language import CAUSAL, MASKED, language_kind
from labkit.models.modes import in_mode
from labkit.models.own_settings import no_own_settings
from labkit.models.quiet import quiet

if TYPE_CHECKING:
    from transformers import GenerationConfig, PreTrainedModel, PreTrainedTokenizerBase

__all__ = ["Sample", "grammatical_share", "repetition", "sample_text"]


@dataclass(frozen=True)
class Sample:
    """What a model wrote: `text` and its token `ids`, after (or for) the `prompt`.

    Of a causal model these are the new tokens alone, the end-of-text token left out; of a denoising
    model the whole text as its decoder wrote it, special tokens left out.  `whole` is what there is
    to read: prompt and text together; of a denoising model the text.
    """

    prompt: str
    text: str
    ids: tuple[int, ...]
    whole: str


def sample_text(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[str],
    *,
    tokens: int = 60,
    seed: int = 0,
    temperature: float = 0.0,
    top_k: int | None = None,
) -> list[Sample]:
    """Let a language model write, one prompt after another, with the `generate` of transformers.

    A causal model goes on from the prompt, which may be empty where the tokenizer has a start or
    end-of-text token: that comes first, as in `evaluate_text`.  A denoising model reads the prompt,
    in which the tokenizer's mask token stands where something is missing, and writes the whole text
    (Lewis et al. 2020).  A masked model has no order in which to write.

    Nothing of the model's own settings for `generate` is used but its tokens for start and end, so
    that all models are asked in the same way.  The global random state is left as it was.

    Args:
        model: a causal or denoising language model.
        tokenizer: its tokenizer.
        prompts: texts; "" for a text from nothing.
        tokens: tokens that are written at most; a model ends earlier with its end-of-text token.
        seed: of what is drawn; each prompt has its own draws, which do not depend on the others.
        temperature: 0 takes the likeliest token at each step (greedy); above it tokens are drawn
            from the softmax of the logits divided by it, 1 being the model's own distribution.
        top_k: draw from the so many likeliest tokens only (Fan et al. 2018); None: from all.

    Returns:
        A sample for each prompt, in their order.

    Raises:
        InputError: a masked model or one without language-model head; a value out of its range; a
            prompt that is empty without a start token, without mask (denoising), or too long for
            the model together with `tokens`; logits that are not finite.
    """
    kind = language_kind(model)
    if kind == MASKED:
        raise InputError(
            f"{type(model).__name__} is a masked model: it fills in single tokens and has no order "
            "in which to write a text. Take a causal model (GPT-2), or BART with masks in the text"
        )
    if tokens < 1 or temperature < 0 or seed < 0 or (top_k is not None and top_k < 1):
        raise InputError(
            f"tokens is {tokens}, temperature {temperature}, top_k {top_k} and seed {seed}: at "
            "least 1, 0, 1 and 0"
        )
    if isinstance(prompts, str):
        raise InputError("prompts is one string: pass a list, [prompt]")
    with in_mode(model, training=False):
        return [
            _write(model, tokenizer, kind, prompt, tokens, temperature, top_k, seed + number)
            for number, prompt in enumerate(prompts)
        ]


def repetition(texts: Sequence[Hashable] | Sequence[Sequence[Hashable]], n: int = 4) -> float:
    """Share of n-grams that have stood in the same text before, 0 to 1.

    1 - unique n-grams / n-grams, of each text and summed over the texts: seq-rep-n of Welleck et
    al. 2020, "Neural Text Generation with Unlikelihood Training".  0 where nothing comes twice, and
    where no text is n long.

    Args:
        texts: sequences of token ids (the `ids` of samples), or strings, of which words are
            counted; one such sequence or a list of them.
        n: tokens of an n-gram, at least 1.
    """
    if n < 1:
        raise InputError(f"n is {n}; an n-gram has at least one token")
    if isinstance(texts, str) or not any(isinstance(part, (str, Sequence)) for part in texts):
        texts = [texts]
    grams = unique = 0
    for text in texts:
        parts = text.split() if isinstance(text, str) else list(text)
        found = [tuple(parts[at : at + n]) for at in range(len(parts) - n + 1)]
        grams += len(found)
        unique += len(set(found))
    return 1 - unique / grams if grams else 0.0


def _write(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    kind: str,
    prompt: str,
    tokens: int,
    temperature: float,
    top_k: int | None,
    seed: int,
) -> Sample:
    import torch

    causal = kind == CAUSAL
    given = (
        _causal_inputs(tokenizer, prompt) if causal else _masked_inputs(model, tokenizer, prompt)
    )
    _check_room(model, prompt, given, tokens)
    inputs = {name: torch.tensor([ids], device=model.device) for name, ids in given.items()}
    inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
    devices = [model.device] if model.device.type == "cuda" else []
    settings = _settings(model, tokenizer, tokens, temperature, top_k)
    seeded, plain = torch.random.fork_rng(devices=devices), no_own_settings(model)
    with seeded, plain, torch.inference_mode(), quiet():
        torch.manual_seed(seed)
        try:
            out = model.generate(**inputs, generation_config=settings)
            broken = any(bool(logits.isnan().any()) for logits in out.logits)
        except RuntimeError as error:  # what drawing says of such logits; greedy search goes on
            if "probability tensor" not in str(error):
                raise
            broken = True
    if broken:
        raise InputError(
            "the model's logits are not finite: its weights are not, or overflow in its dtype"
        )
    start = given["input_ids"] if causal else given["decoder_input_ids"]
    ids = out.sequences[0, len(start) :].tolist()
    special = set(tokenizer.all_special_ids)
    ids = [token for token in ids if token not in special]
    before = [token for token in given["input_ids"] if token not in special] if causal else []
    text, whole = (
        tokenizer.decode(part, clean_up_tokenization_spaces=False) for part in (ids, before + ids)
    )
    return Sample(prompt, text, tuple(ids), whole)


def _causal_inputs(tokenizer: PreTrainedTokenizerBase, prompt: str) -> dict[str, list[int]]:
    start = start_token(tokenizer)
    ids = list(tokenizer(prompt, add_special_tokens=False)["input_ids"])
    ids = ids if start is None else [start, *ids]
    if not ids:
        raise InputError("a prompt is empty, and the tokenizer has no token to start from")
    return {"input_ids": ids}


def _masked_inputs(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, prompt: str
) -> dict[str, list[int]]:
    ids = list(tokenizer(prompt)["input_ids"])
    if tokenizer.mask_token_id is None or tokenizer.mask_token_id not in ids:
        raise InputError(
            f"there is no mask in the prompt {prompt!r}: a denoising model writes what is missing "
            f"from a text. Put {tokenizer.mask_token or 'a mask token'} where that is"
        )
    begin = model.config.decoder_start_token_id
    if begin is None:
        raise InputError("the model's config has no decoder_start_token_id: set it")
    return {"input_ids": ids, "decoder_input_ids": [begin, *frame(tokenizer)[0]]}


def _check_room(
    model: PreTrainedModel, prompt: str, given: dict[str, list[int]], tokens: int
) -> None:
    room, longest = positions(model), max(len(ids) for ids in given.values())
    wanted = max(longest, len(list(given.values())[-1]) + tokens)
    if wanted > room:
        raise InputError(
            f"the prompt {prompt[:40]!r} has {len(given['input_ids'])} tokens, and {tokens} more "
            f"are wanted: the model takes {room:.0f}. Shorten the prompt, or ask for fewer tokens"
        )
    limit = embedded(model)
    if limit and max(given["input_ids"]) >= limit:
        raise InputError(
            f"the prompt {prompt[:40]!r} has token {max(given['input_ids'])}, and the model has "
            f"embeddings for 0 to {limit - 1}: tokenizer and model do not belong together"
        )


def _settings(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    tokens: int,
    temperature: float,
    top_k: int | None,
) -> GenerationConfig:
    """All settings of `generate` that matter, so that none comes from the model's own."""
    from transformers import GenerationConfig

    end = model.config.eos_token_id
    draws = {"do_sample": True, "temperature": temperature, "top_k": top_k or 0, "top_p": 1.0}
    return GenerationConfig(
        max_new_tokens=tokens,
        eos_token_id=tokenizer.eos_token_id if end is None else end,
        pad_token_id=max(0, model.config.pad_token_id or 0),
        return_dict_in_generate=True,
        output_logits=True,
        decoder_start_token_id=getattr(model.config, "decoder_start_token_id", None),
        **(draws if temperature else {"do_sample": False, "num_beams": 1}),
    )
