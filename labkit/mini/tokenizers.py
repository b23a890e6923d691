"""Byte-level BPE tokenizers of the original types, trained on sentences of the corpus.

The special tokens, their ids and the way of joining a pair are those of the originals; the
vocabulary is small and its words are those of the corpus.  Any other text still gets ids, byte by
byte.  BPE on bytes: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners".
"""

import json
from collections.abc import Iterator
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Final

from labkit.mini.corpus import pair_stream
from labkit.mini.texts import draw_training_document
from labkit.models.sources import check_name

if TYPE_CHECKING:
    from tokenizers import ByteLevelBPETokenizer
    from transformers import PreTrainedTokenizerFast

MAX_LENGTH: Final = 128  # tokens, the positions of each mini model
_VOCABULARY: Final = 1600
_TEXT_VOCABULARY: Final = 1599  # and one special token: a multiple of 8 multiplies faster
_PAIRS: Final = 20_000
_DOCUMENTS: Final = 5_000
_SEED: Final = 41


def _sentences() -> Iterator[str]:
    for pair in islice(pair_stream(_SEED), _PAIRS):
        yield pair.sentence1
        yield pair.sentence2


def _documents() -> Iterator[str]:
    rng = Random(_SEED)
    for _ in range(_DOCUMENTS):
        yield draw_training_document(rng)


def build_tokenizer(name: str, task: str = "mrpc") -> "PreTrainedTokenizerFast":
    """The tokenizer of a mini model, trained anew (some seconds); the same one on every call.

    With `task` "mrpc" it is trained on the sentence pairs, with "text" on the documents.

    Returns `RobertaTokenizer`, `GPT2Tokenizer` or `BartTokenizer` of `transformers`.

    Raises:
        InputError: `name` is not roberta, gpt2 or bart.
    """
    from tokenizers import AddedToken, ByteLevelBPETokenizer
    from transformers import BartTokenizer, GPT2Tokenizer, RobertaTokenizer

    check_name(name)
    first = [] if name == "gpt2" else ["<s>", "<pad>", "</s>", "<unk>"]
    trained = ByteLevelBPETokenizer()
    of_text = task == "text"
    trained.train_from_iterator(
        _documents() if of_text else _sentences(),
        _TEXT_VOCABULARY if of_text else _VOCABULARY,
        min_frequency=2,
        special_tokens=first,
        show_progress=False,
    )
    vocabulary = trained.get_vocab()
    merges = _merges(trained)
    if name == "gpt2":
        vocabulary["<|endoftext|>"] = len(vocabulary)
        return GPT2Tokenizer(vocab=vocabulary, merges=merges, model_max_length=MAX_LENGTH)
    vocabulary["<mask>"] = len(vocabulary)
    kind = RobertaTokenizer if name == "roberta" else BartTokenizer
    # As in the originals the mask takes the space before it.
    mask = AddedToken("<mask>", lstrip=True, normalized=False, special=True)
    return kind(vocab=vocabulary, merges=merges, mask_token=mask, model_max_length=MAX_LENGTH)


def _merges(trained: "ByteLevelBPETokenizer") -> list[tuple[str, str]]:
    return [tuple(merge) for merge in json.loads(trained.to_str())["model"]["merges"]]
