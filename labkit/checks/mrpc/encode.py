"""The exercise `mrpc.encode`: sentence pairs to rows of token ids.

Its text promises the tokenizers of the three models, also with other settings, sentences of any
characters and spaces but the empty one, any number of pairs, and rows of 8 tokens or more.
"""

import functools
from collections.abc import Callable
from random import Random
from typing import Any

from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake
from labkit.checks.engine.quiet import quiet
from labkit.checks.engine.value_cases import Case
from labkit.models.sources import MODEL_NAMES, mini_checkpoint

# Words that are one token each, so that lengths in words are lengths in tokens, or nearly.
_WORDS = ("said", "company", "firm", "the", "in", "on", "at", "May", "Monday")

_ODD = [
    ("The firm said  “Déjà vu” on\tMonday .", " said the Company"),
    ("ÉCOLE 1,000.5% in MAY", "On May 1st: in the FIRM? À "),
    ("The firm said", "The firm said"),
]

Pairs = list[tuple[str, str]]
Rows = list[list[int]]


@functools.cache
def _tokenizer(name: str) -> Any:
    """The tokenizer of a model; after a blank its name may say on which side rows are cut."""
    from transformers import AutoTokenizer

    model, _, side = name.partition(" ")
    with quiet():
        tokenizer = AutoTokenizer.from_pretrained(mini_checkpoint(model))
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    if side:
        tokenizer.padding_side = tokenizer.truncation_side = side
        tokenizer.model_max_length = 6  # shorter than any row that is asked for
    return tokenizer


def _rows(name: str, pairs: Pairs, **how: Any) -> Rows:
    """Each pair on its own through the tokenizer `name`, with its options `how`."""
    return [_tokenizer(name)(*pair, **how)["input_ids"] for pair in pairs]


def _right(name: str, pairs: Pairs, max_length: int) -> Rows:
    return _rows(name, pairs, truncation="longest_first", max_length=max_length)


def _by(**how: Any) -> Callable[[str, Pairs, int], Rows]:
    """An answer with other options of the tokenizer."""
    return lambda name, pairs, max_length: _rows(
        name, pairs, **{"truncation": True, "max_length": max_length, **how}
    )


def _of(change: Callable[[str, str], tuple[str, ...]]) -> Callable[[str, Pairs, int], Rows]:
    """An answer about other texts: what `change` makes of the two sentences."""
    return lambda name, pairs, max_length: _right(
        name, [change(*pair) for pair in pairs], max_length
    )


def _padded(name: str, pairs: Pairs, max_length: int) -> Rows:
    rows = _right(name, pairs, max_length)
    longest = max(map(len, rows), default=0)
    return [row + [_tokenizer(name).pad_token_id] * (longest - len(row)) for row in rows]


def _tensor(name: str, pairs: Pairs, max_length: int) -> Any:
    """What return_tensors="pt" gives, which has to be a rectangle."""
    import torch

    return torch.tensor(_padded(name, pairs, max_length))


def _each_alone(name: str, pairs: Pairs, max_length: int, width: int | None = None) -> Rows:
    """Both sentences encoded on their own, and put together; cut to `width`."""
    how = {"truncation": True, "max_length": max_length}
    rows = [_rows(name, [(a,), (b,)], **how) for a, b in pairs]
    return [[*first, *second][:width] for first, second in rows]


_MISTAKES = (
    Mistake(
        "only the first sentence",
        "the tokenizer takes the second sentence as its second argument",
        _of(lambda first, second: (first,)),
    ),
    Mistake(
        "joined as one text",
        "the model was trained on pairs: hand over two sentences, and the tokenizer joins them",
        _of(lambda first, second: (f"{first} {second}",)),
    ),
    Mistake(
        "sentences swapped",
        "the first sentence of a pair comes first",
        _of(lambda first, second: (second, first)),
    ),
    *(
        Mistake(
            "each sentence on its own",
            "the tokenizer knows what stands between two sentences: give it both in one call",
            answer,
        )
        for answer in (
            _each_alone,
            lambda name, pairs, max_length: _each_alone(name, pairs, max_length, max_length),
        )
    ),
    *(
        Mistake(
            "one sentence pays for both",
            "cut the longer one first, so that something of both is left: truncation=True",
            _by(truncation=which),
        )
        for which in ("only_first", "only_second")
    ),
    Mistake(
        "cut after encoding",
        "a slice takes away the end of the second sentence and the special token behind it",
        lambda name, pairs, max_length: [row[:max_length] for row in _rows(name, pairs)],
    ),
    Mistake(
        "not cut",
        "a row has at most max_length tokens, the special ones included",
        lambda name, pairs, max_length: _rows(name, pairs),
    ),
    *(
        Mistake("padded", "padding is for a batch, later: each row keeps its own length", answer)
        for answer in (_padded, _by(padding="max_length"), _tensor)
    ),
    Mistake(
        "no special tokens",
        "the model was trained with the special tokens around the sentences",
        _by(add_special_tokens=False),
    ),
    Mistake(
        "no pairs",
        "the tokenizer refuses an empty list: without pairs there is nothing to ask it",
        error="list index out of range",
    ),
)


class _Case(Case):
    """A case that names a tokenizer: the function gets a copy of the tokenizer."""

    def given(self) -> tuple:
        """As `Case.given`, with the tokenizer."""
        from labkit.checks.lent.tokenizers import lend

        name, *rest = super().given()
        return (lend(_tokenizer(name)), *rest)

    def changed(self, after: tuple) -> str:
        """As `Case.changed`, also of the settings of the tokenizer."""
        from labkit.checks.lent.tokenizers import changed

        tokenizer, *rest = after
        name = self.arguments[0]
        if said := super().changed((name, *rest)):
            return said
        if not (settings := changed(_tokenizer(name), tokenizer)):
            return ""
        return (
            f"the function changed the tokenizer of {name.split()[0]} ({', '.join(settings)}), "
            "which its other users notice: hand options to the call of the tokenizer"
        )


def _cases(draw: Random) -> Groups:
    """Inputs of `encode(tokenizer, pairs, max_length)`."""

    def sentence(words: int) -> str:
        return " ".join(("The", *draw.choices(_WORDS, k=words - 1)))

    def pair(first: int, second: int) -> tuple[str, str]:
        return sentence(first), sentence(second)

    def case(name: str, pairs: Pairs, max_length: int, note: str = "") -> _Case:
        words = "; ".join(f"{len(a.split())} and {len(b.split())}" for a, b in pairs)
        of = f"pairs of {words} words" if pairs else "[]"
        shown = f"the tokenizer of {name.split()[0]}, {of}, {max_length}"
        return _Case((name, pairs, max_length), _right(name, pairs, max_length), note, shown=shown)

    def whole(name: str) -> _Case:
        return case(name, [pair(4, 7), pair(9, 5), pair(3, draw.randint(4, 6))], 64)

    def cut(name: str, note: str = "") -> _Case:
        """Both sentences have to give, and either could give all of it."""
        return case(name, [pair(7, 9), pair(9, 8), pair(3, 3)], draw.choice((14, 15)), note)

    def tight(name: str, spare: int) -> _Case:
        pairs = [pair(6, 8)]
        (length,) = map(len, _rows(name, pairs))
        return case(name, pairs, length + spare, "one token too many" if spare else "just fits")

    return {
        "two sentences in one row": [whole(name) for name in MODEL_NAMES],
        "the longer sentence is cut first": [cut(name) for name in MODEL_NAMES],
        "extremes": [
            case("roberta", [], 16, "no pairs"),
            tight("roberta", 0),
            tight("gpt2", -1),
            case("bart", [pair(1, 1), pair(1, 12)], 8, "one word"),
            case("roberta", [pair(24, 3), pair(3, 24), pair(9, 9)], 13, "one much longer"),
            case("gpt2", [pair(24, 3), pair(3, 24), pair(9, 9)], 9, "one much longer"),
            case("bart", [pair(9, 9), pair(8, 9), pair(9, 8)], 15, "of one length, or nearly"),
            case("gpt2", _ODD, 64, "capitals, accents, spaces"),
            case("roberta", _ODD, 16, "capitals, accents, spaces"),
            # Where pairs of before come again, they are cut otherwise.
            case("roberta left", _ODD, 16, "other settings: it cuts on the left"),
            cut("gpt2 left", "other settings: it cuts on the left"),
        ],
    }


TASK = Exercise(
    id="mrpc.encode",
    title="Pairs into token ids",
    objective="Encode sentence pairs as a model expects them, cut to a length it can take.",
    function="encode",
    cases=_cases,
    mistakes=_MISTAKES,
    points=3,
    minutes=10,
    difficulty=1,
)
