"""Words that can stand in for one another: other places for a place, other names for a name.

BERT (Devlin et al. 2019) puts a random word for some of the hidden ones.  Here it is a word of the
same type, so that what has to be found in the other sentence is plain from the word itself.
"""

from collections import Counter
from typing import TYPE_CHECKING

from labkit.mini import lexicon
from labkit.mini.lexicon import Phrase

if TYPE_CHECKING:
    import torch
    from torch import Tensor
    from transformers import PreTrainedTokenizerFast


def _own_words(phrases: list[Phrase] | tuple[Phrase, ...]) -> list[str]:
    """The words that tell the phrases of a group apart: each stands in one of them only."""
    count = Counter(word for phrase in phrases for word in dict.fromkeys(" ".join(phrase).split()))
    return [word for word, phrases_with in count.items() if phrases_with == 1]


def _word_groups() -> list[list[str]]:
    groups = [
        [phrase for group in lexicon.COMPANIES for phrase in group],
        lexicon.PERSONS,
        lexicon.CLUBS,
        lexicon.INSTITUTIONS,
        lexicon.FORCES,
        lexicon.DISASTERS,
        lexicon.PLANS,
        lexicon.ASSETS,
        lexicon.PAYMENTS,
        lexicon.STAFF,
        lexicon.SUSPECTS,
        lexicon.SITES,
        lexicon.BUILDINGS,
    ]
    return [
        *(_own_words(group) for group in groups),
        list(lexicon.PLACES),
        list(lexicon.WEEKDAYS),
        list(lexicon.MONTHS),
        [word for _, word in lexicon.NUMBERS],
        [str(number) for number in range(2, 100)],
    ]


def token_groups(tokenizer: "PreTrainedTokenizerFast") -> tuple["Tensor", ...]:
    """For each group of words the ids (int64) of those that are one token after a space."""
    import torch

    groups = []
    for words in _word_groups():
        ids = [tokenizer(f" {word}", add_special_tokens=False)["input_ids"] for word in words]
        groups.append(torch.tensor([row[0] for row in ids if len(row) == 1]))
    return tuple(groups)


def stand_in(
    ids: "Tensor", where: "Tensor", groups: tuple["Tensor", ...], generator: "torch.Generator"
) -> "Tensor":
    """`ids` (int64, B x T) with a random id of the same group at `where` (bool, B x T).

    A token of no group stays as it is in `ids`.
    """
    import torch

    ids = ids.clone()
    original = ids.clone()
    for group in groups:
        places = where & torch.isin(original, group)
        draw = torch.randint(len(group), (int(places.sum()),), generator=generator)
        ids[places] = group[draw]
    return ids
