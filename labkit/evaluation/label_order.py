"""Which class means that two sentences say the same, of a model or a corpus: by its classes' names.

A checkpoint numbers its classes as its training set did: GLUE's MRPC calls 1 `equivalent`, its RTE
calls 0 `entailment`.  Scored by number, the second kind would be right where it is wrong.  So does
a corpus, where its file or `Dataset` names the labels.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labkit.errors import InputError

SAME = frozenset(
    {
        "equivalent",
        "equivalence",
        "semantically_equivalent",
        "paraphrase",
        "paraphrases",
        "paraphrased",
        "paraphrasing",
        "duplicate",
        "duplicates",
        "duplicated",
        "equal",
        "same",
        "same_meaning",
        "identical",
        "similar",
        "match",
        "matches",
        "matching",
        "matched",
        "entailment",
        "entailed",
        "entails",
        "related",
        "positive",
        "pos",
        "yes",
        "y",
        "true",
        "1",
        "label_1",
        "class_1",
    }
)
"""Names of the class of pairs that say the same, in the form of `_plain`."""

DIFFERENT = frozenset(
    {
        "unequal",
        "different",
        "differs",
        "distinct",
        "dissimilar",
        "inequivalent",
        "unequivalent",
        "unrelated",
        "mismatch",
        "negative",
        "neg",
        "no",
        "n",
        "none",
        "false",
        "0",
        "label_0",
        "class_0",
    }
)
"""Names of the other class; so is a name of `SAME` behind a "not", "non" or "no"."""

_NEGATION = re.compile(r"(?:is|are)?_?(?:not|non|no|isnt|arent)_?(?:an?_)?")
_QUESTION = re.compile(r"(?:is|are|has)_(?:an?_)?")
_NUMBER = re.compile(r"\d\W*$")
_PLAIN_NAMES = ({"not_equivalent", "equivalent"}, {"label_0", "label_1"})


@dataclass(frozen=True)
class LabelOrder:
    """`positive` is the class, 0 or 1, that means "equivalent"; `remark` says so where it must."""

    positive: int = 1
    remark: str = ""

    @property
    def columns(self) -> list[int]:
        """Columns of the model's logits in MRPC's order: not_equivalent, equivalent."""
        return [1 - self.positive, self.positive]


def label_order(config: Any) -> LabelOrder:
    """The order of the classes of a model, from `config.id2label` and `config.label2id`.

    One known name is enough to tell the two classes apart.  Where neither is known the numbers
    decide (1 is "equivalent"), and the remark says so.

    Raises:
        InputError: not exactly two classes, two names for the same class, or `label2id` and
            `id2label` that contradict each other.
    """
    names = _by_number(getattr(config, "id2label", None) or {})
    inverse = _by_number({v: k for k, v in (getattr(config, "label2id", None) or {}).items()})
    # transformers fills in LABEL_0 and LABEL_1 where there are no names: they contradict nothing.
    if _filled_in(inverse):
        inverse = {}
    if _filled_in(names):
        names = inverse or names
    if not names:
        return LabelOrder()
    shown = ", ".join(f"{number}: {name!r}" for number, name in sorted(names.items()))
    if sorted(names) != [0, 1]:
        raise InputError(
            f"the model has {len(names)} classes ({shown}), and MRPC two, 0 and 1: load a "
            "classifier for pairs of sentences, or draw a new head (head='fresh', --as-loaded) and "
            "fine-tune it"
        )
    for number, name in inverse.items():
        if _opposed(names.get(number, name), name) or names.get(1 - number) == name:
            raise InputError(
                f"the model's config contradicts itself: id2label has {shown}, and label2id calls "
                f"{name!r} {number}. Mend its config.json"
            )
    if _alike(names):
        raise InputError(
            f"the model's classes ({shown}) cannot be told apart by their names: say in its "
            "config.json which one is 'equivalent' and which 'not_equivalent' (id2label, label2id)"
        )
    return _order(names, shown, "class", "the model", "the model's classes")


def corpus_order(names: Sequence[str] | None, what: str) -> LabelOrder:
    """The order of the labels of a corpus, from their names (`ClassLabel.names`) if it has any.

    Args:
        names: of label 0, 1 and, if there are more, of those that no row may have.
        what: the corpus, for the remark.
    """
    known = dict(enumerate(map(str, names or ())))
    bare = _filled_in(known) or all(_plain(name) == str(n) for n, name in known.items())
    if len(known) < 2 or bare:
        return LabelOrder()
    shown = ", ".join(f"{number}: {name!r}" for number, name in known.items())
    return _order(known, shown, "label", what, f"the labels of {what}")


def _order(names: Mapping[int, str], shown: str, one: str, owner: str, both: str) -> LabelOrder:
    """The order of 0 and 1 by their names; the other words are those of the remark."""
    positive = None if _alike(names) else _positive(names)
    if positive is None:
        return LabelOrder(
            1,
            f"the names of {both} ({shown}) say nothing of paraphrases: {one} 1 was taken for "
            "equivalent",
        )
    if positive == 1 and _usual(names):
        return LabelOrder()
    way = "" if positive == 1 else ", the other way round than in MRPC"
    return LabelOrder(
        positive,
        f"{one} {positive} of {owner}, {names[positive]!r}, was taken for equivalent, {one} "
        f"{1 - positive}, {names[1 - positive]!r}, for not_equivalent{way}",
    )


def _positive(names: Mapping[int, str]) -> int | None:
    """The class, of 0 and 1, that means "equivalent"; None where the names say nothing of it."""
    meant = {number: _means_same(names[number]) for number in (0, 1)}
    known = [number for number in (0, 1) if meant[number] is not None]
    # A number alone, as in LABEL_1 and LABEL_2, says nothing: it takes 0 and 1 to say which is no.
    if not known or (len(known) == 1 and _NUMBER.search(names[known[0]])):
        return None
    return int(meant[1] if meant[1] is not None else not meant[0])


def _alike(names: Mapping[int, str]) -> bool:
    """Whether the names do not tell class 0 and 1 apart."""
    meant = [_means_same(names[number]) for number in (0, 1)]
    same = meant[0] is not None and meant[0] is meant[1]
    return same or _plain(names[0]) == _plain(names[1])


def _usual(names: Mapping[int, str]) -> bool:
    return {_plain(names[number]) for number in (0, 1)} in _PLAIN_NAMES


def _by_number(names: Mapping[Any, Any]) -> dict[int, str]:
    return {int(number): str(name) for number, name in names.items()}


def _filled_in(names: Mapping[int, str]) -> bool:
    return all(_plain(name) == f"label_{number}" for number, name in names.items())


def _opposed(one: str, other: str) -> bool:
    """Whether two names are known to mean different things."""
    meant = _means_same(one), _means_same(other)
    return None not in meant and meant[0] is not meant[1]


def _plain(name: str) -> str:
    """In small letters, with one underscore between words: "Not-Equivalent" → "not_equivalent"."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[\W_]+", "_", apart.replace("'", "")).strip("_").lower()


def _means_same(name: str) -> bool | None:
    """Whether a class of this name holds the pairs that say the same; None where it is unknown."""
    plain = _plain(name)
    bare = _QUESTION.sub("", plain, count=1) if _QUESTION.match(plain) else plain
    if plain in SAME or bare in SAME:
        return True
    if plain in DIFFERENT or bare in DIFFERENT:
        return False
    negated = _NEGATION.match(plain)
    if negated and plain[negated.end() :] in SAME:
        return False
    if negated and plain[negated.end() :] in DIFFERENT:
        return True
    return None
