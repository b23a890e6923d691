"""The exercise `language.repetition`: the share of n-grams that have stood in a text before.

Its text promises texts of any length, none too, any n from one on, and ids of any size.
"""

from collections import Counter
from collections.abc import Callable
from random import Random

from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake
from labkit.checks.engine.value_cases import Case

Texts = list[list[int]]
Counts = Callable[[list[int], int], tuple[int, int]]


def _grams(text: list[int], n: int, step: int = 1) -> list[tuple[int, ...]]:
    return [tuple(text[i : i + n]) for i in range(0, len(text) - n + 1, step)]


def _repeated(grams: list) -> tuple[int, int]:
    """How many stood before, of how many."""
    return len(grams) - len(set(grams)), len(grams)


def _share(
    texts: Texts, n: int, count: Counts = lambda text, n: _repeated(_grams(text, n))
) -> float:
    """The right answer, or one that counts otherwise within a text."""
    found = [count(text, n) for text in texts]
    return sum(again for again, _ in found) / max(sum(total for _, total in found), 1)


def _counting(count: Counts) -> Callable[[Texts, int], float]:
    return lambda texts, n: _share(texts, n, count)


def _joined(texts: Texts, n: int) -> float:
    return _share([[token for text in texts for token in text]], n)


def _across(texts: Texts, n: int) -> float:
    """What another text has said before counts as repeated."""
    again, total = _repeated([gram for text in texts for gram in _grams(text, n)])
    return again / max(total, 1)


def _mean_of_texts(texts: Texts, n: int, all_texts: bool) -> float:
    shares = [_share([text], n) for text in texts if all_texts or len(text) >= n]
    return sum(shares) / max(len(shares), 1)


def _all_occurrences(text: list[int], n: int) -> tuple[int, int]:
    counts = Counter(_grams(text, n))
    return sum(count for count in counts.values() if count > 1), counts.total()


def _kinds(text: list[int], n: int) -> tuple[int, int]:
    """Of the different n-grams those that occur again."""
    counts = Counter(_grams(text, n))
    return sum(count > 1 for count in counts.values()), len(counts)


def _kinds_of_all(text: list[int], n: int) -> tuple[int, int]:
    counts = Counter(_grams(text, n))
    return sum(count > 1 for count in counts.values()), counts.total()


def _per_place(text: list[int], n: int) -> tuple[int, int]:
    """Divided by the number of tokens."""
    return _repeated(_grams(text, n))[0], len(text)


def _next_to_each_other(text: list[int], n: int) -> tuple[int, int]:
    grams = _grams(text, n)
    return sum(grams[i] == grams[i - n] for i in range(n, len(grams))), len(grams)


def _neighbours(text: list[int], n: int) -> tuple[int, int]:
    grams = _grams(text, n)
    return sum(grams[i] == grams[i - 1] for i in range(1, len(grams))), len(grams)


def _bags(text: list[int], n: int) -> tuple[int, int]:
    return _repeated([tuple(sorted(gram)) for gram in _grams(text, n)])


def _sets(text: list[int], n: int) -> tuple[int, int]:
    return _repeated([frozenset(gram) for gram in _grams(text, n)])


def _digits(text: list[int], n: int) -> tuple[int, int]:
    return _repeated(["".join(map(str, gram)) for gram in _grams(text, n)])


def _short_by_one(text: list[int], n: int) -> tuple[int, int]:
    return _repeated(_grams(text, n)[:-1])


_OVER = "n-grams overlap: one begins at each token that has n - 1 others behind it"

_MISTAKES = (
    Mistake(
        "texts joined",
        "an n-gram lies within one text: none reaches from one text into the next",
        _joined,
    ),
    Mistake(
        "repeated from another text",
        "repeated is what stood before in the same text: begin anew with each",
        _across,
    ),
    *(
        Mistake(
            "the mean of text shares",
            "a short text then counts as much as a long one: add up over all texts, divide once",
            lambda texts, n, all_texts=all_texts: _mean_of_texts(texts, n, all_texts),
        )
        for all_texts in (True, False)
    ),
    Mistake(
        "the first time counted",
        "an n-gram is repeated from its second time on: its first time is none",
        _counting(_all_occurrences),
    ),
    *(
        Mistake(
            "different n-grams counted",
            "what stands there ten times is repeated nine times, and the share is one of all "
            "n-grams",
            _counting(count),
        )
        for count in (_kinds, _kinds_of_all)
    ),
    Mistake(
        "the share of different ones",
        "this is the share of n-grams that are new; repeated are the others",
        lambda texts, n: 1 - _share(texts, n),
    ),
    *(
        Mistake(
            "only what follows at once",
            "repeated is what stood anywhere before in the text, not only right before",
            _counting(count),
        )
        for count in (_next_to_each_other, _neighbours)
    ),
    *(
        Mistake(
            "the order lost",
            "the same tokens in another order are another n-gram: a tuple keeps the order",
            _counting(count),
        )
        for count in (_bags, _sets)
    ),
    Mistake(
        "digits joined",
        "as digits in a row, 1 and 12 are the same as 11 and 2: compare tuples of ids",
        _counting(_digits),
    ),
    Mistake(
        "n-grams side by side",
        _OVER,
        _counting(lambda text, n: _repeated(_grams(text, n, n))),
    ),
    Mistake(
        "the last n-gram left out",
        "a text of m tokens has m - n + 1 n-grams",
        _counting(_short_by_one),
    ),
    Mistake(
        "as many n-grams as tokens",
        "a text of m tokens has m - n + 1 n-grams: fewer than n tokens are left behind the last",
        _counting(_per_place),
    ),
    *(
        Mistake(
            "another n",
            "an n-gram has n tokens, as the argument says",
            lambda texts, n, other=other: _share(texts, other(n)),
        )
        for other in (lambda n: 4, lambda n: n + 1, lambda n: max(n - 1, 1), lambda n: 1)
    ),
    Mistake("percent", "a share runs from 0 to 1", lambda texts, n: 100 * _share(texts, n)),
    Mistake(
        "a number for the share",
        "divide by the number of all n-grams",
        lambda texts, n: sum(_repeated(_grams(text, n))[0] for text in texts),
    ),
    Mistake(
        "0/0",
        "where no text has n tokens there is no n-gram, and the share is 0.0",
        lambda texts, n: (
            _share(texts, n) if any(len(text) >= n for text in texts) else float("nan")
        ),
        error="ZeroDivisionError",
    ),
    Mistake(
        "0/0",
        "where no text has n tokens there is no n-gram, and nothing is repeated: 0.0",
        lambda texts, n: _share(texts, n) if any(len(text) >= n for text in texts) else 1.0,
    ),
    Mistake(
        "short texts",
        "a text of fewer than n tokens has no n-gram, not a negative number of them",
        lambda texts, n: (
            sum(_repeated(_grams(text, n))[0] for text in texts)
            / (sum(len(text) - n + 1 for text in texts) or 1)
        ),
    ),
)


def _collisions() -> Texts:
    """Texts without a repeated 2-gram, of which two are one number in a base that hashes use."""
    small = (2, 10, 31, 33, 37, 100, 131, 137, 256, 257, 911, 1000, 1009, 1597, 8191, 10_007)
    large = (30_522, 50_257, 65_536, 65_537, 99_991, 10**6, 10**9, 10**9 + 7, 2**32, 2**61 - 1)
    pairs = [(2**40 + 10 * i, base) for i, base in enumerate((*small, *large))]
    texts = [[at + base, at + 5, at, at + 6] for at, base in pairs]
    return texts + [[at + 5, at + base, at + 6, at] for at, base in pairs]


def _cases(draw: Random) -> Groups:
    """Inputs of `repeated_share(texts, n)`."""
    number = draw.randint

    def case(texts: Texts, n: int, note: str = "") -> Case:
        sizes = ", ".join(str(len(text)) for text in texts[:6])
        more = ", ..." if len(texts) > 6 else ""
        short = sum(map(len, texts)) <= 16
        shown = f"{texts}, {n}" if short else f"texts of {sizes}{more} tokens, {n}"
        return Case((texts, n), _share(texts, n), note, shown=shown)

    def fresh(length: int, words: int = 60_000) -> list[int]:
        return draw.sample(range(words), length)

    def loop(length: int, period: int) -> list[int]:
        return (fresh(period) * (length // period + 1))[:length]

    def text(length: int, words: int = 5) -> list[int]:
        """Of few words, so that something is repeated now and then."""
        return [draw.randrange(words) for _ in range(length)]

    phrase = fresh(number(6, 8))
    echo = [*phrase, *fresh(number(3, 6)), *phrase]
    turned = [*phrase[:4], *fresh(3), *phrase[3::-1]]
    # 1 and 12, then 11 and 2: alike as digits.
    alike = [1, 12, 7, 7, 11, 2, 7, 7, *fresh(number(1, 3), 9)]
    return {
        "one text": [
            case([echo], 4, "a phrase comes back"),
            case([text(number(30, 40), 2)], 4),
            case([loop(number(25, 35), number(5, 7))], 4, "a loop"),
            case([fresh(number(9, 14)) + [phrase[0]] * number(6, 9)], 4, "one token again"),
        ],
        "several texts": [
            case([echo, fresh(number(20, 30)), [*echo, *phrase]], 4),
            case([phrase, phrase, phrase], 4, "one text three times"),
            case([phrase[:5], [*phrase[5:], *phrase[:5]], echo], 4),
            case([text(number(6, 9), 2), text(number(30, 40), 2), fresh(5)], 3),
        ],
        "order and ids": [
            case([turned], 4, "the same tokens in reverse"),
            case([alike], 2, "ids that look alike"),
            case(_collisions(), 2, "ids that polynomials take for one"),
            case([[*phrase, *[token + 2**40 for token in phrase], *phrase[:5]]], 4, "large ids"),
            case([[2**53, 2**53 + 1, 5, 2**61 + 4]], 1, "ids that float64 or hash() takes for one"),
        ],
        "any n": [
            case([text(number(12, 20), 6)], 1, "single tokens"),
            case([text(number(20, 30), 4), text(9, 3)], 2),
            case([loop(number(40, 50), 11)], number(9, 12)),
        ],
        "short texts": [
            case([fresh(3), echo, fresh(1), []], 4, "some have fewer than n tokens"),
            case([fresh(number(4, 6)), phrase[:4]], 4),
            case([[phrase[0]] * 5], 4, "two n-grams"),
            case([fresh(2), [phrase[0]] * 3], 4, "none has n tokens"),
            case([[]], number(1, 4), "an empty text"),
            case([], number(1, 4), "no texts"),
        ],
        "long texts": [
            case([text(number(3000, 4000), 9)], 4),
            case([text(number(20, 40), 3) for _ in range(200)], 4, "many texts"),
        ],
    }


TASK = Exercise(
    id="language.repetition",
    title="A text that repeats itself",
    function="repeated_share",
    points=4,
    minutes=15,
    difficulty=1,
    objective="Put a number on the loops that a broken model writes.",
    cases=_cases,
    mistakes=_MISTAKES,
)
