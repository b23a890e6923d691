"""The exercise `language.scores`: perplexity and bits per byte of the same losses.

Its text promises any number of texts from one on, in any script, some of them without a predicted
token or without a byte, and losses so large that the perplexity is no finite float.
"""

from random import Random
from typing import TYPE_CHECKING

from labkit.checks.engine.difference import show
from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups
from labkit.checks.engine.value_cases import Case
from labkit.checks.language.scores_answers import MISTAKES, size_of, text_scores

if TYPE_CHECKING:
    from torch import Tensor

_WORDS = (
    "the senate met again",
    "für die Straße",
    "à l'été prochain",
    "Ωμέγα και Άλφα",
    "新しい橋は高い",
    "мост закрыт",
    "\tline one\nline two\n",
    "no comment",
    "🙂 fine 🙂",
    "three towns",
)


def _cases(draw: Random) -> Groups:
    """Inputs of `text_scores(losses, texts)`."""
    import torch

    number = draw.randint
    generator = torch.Generator(device="cpu").manual_seed(draw.randrange(2**31))

    def row(tokens: int, mean: float = 2.5) -> "Tensor":
        # Far from each other, so that means of exponentials are other numbers.
        return torch.rand(tokens, generator=generator) * 2 * mean

    def text(words: int, plain: bool = False) -> str:
        pool = ("one two", "three", "and so on", "no comment") if plain else _WORDS
        return " ".join(draw.choice(pool) for _ in range(words))

    def case(rows: "list[Tensor]", texts: list[str], note: str = "") -> Case:
        sizes = ", ".join(str(len(one)) for one in rows[:6])
        more = ", ..." if len(rows) > 6 else ""
        size = sum(size_of(one) for one in texts)
        shown = f"{show(rows)}, {texts}"
        if sum(len(one) for one in rows) > 6 or len(shown) > 110:
            shown = f"losses of {sizes}{more} tokens, texts of {size} bytes together"
        return Case(
            (rows, texts), text_scores(rows, texts), note, rtol=2e-5, atol=1e-6, shown=shown
        )

    def drawn(tokens: list[int], plain: bool = False, mean: float = 2.5) -> tuple:
        # The losses of texts differ, so that an average over texts is another number.
        rows = [row(count, mean * draw.uniform(0.4, 1.6)) for count in tokens]
        return rows, [text(number(2, 9), plain) for _ in tokens]

    rows, texts = drawn([number(3, 6), number(9, 14), number(20, 30)])
    scripts = [
        "für die Straße über den Fluß",
        "新しい橋は高い",
        "мост закрыт",
        "🙂",
        "e\u0301te\u0301",
    ]
    spaces = ["  two lines\n\n", "\ttabs\t", "\n", "of Windows\r\n\r\n", "a\u00a0\u2028b"]
    strided = [one.repeat_interleave(2)[::2] for one in drawn([7, 12])[0]]
    return {
        "sums over all texts": [
            case(*drawn([number(3, 6), number(9, 14)], plain=True)),
            case(*drawn([number(20, 30), number(2, 4), number(7, 12)], plain=True)),
            case(*drawn([number(5, 9)], plain=True), "one text"),
        ],
        "any script": [
            case(rows, texts),
            case([row(number(3, 9)) for _ in scripts], scripts, "none of them ASCII"),
            case([row(number(4, 8))], [draw.choice(scripts[:3])], "one text"),
        ],
        "blanks and line ends": [
            case([row(number(2, 5)) for _ in spaces], spaces),
            case([row(number(2, 5))], [f"  {text(2, True)}\n"]),
        ],
        "texts without a token or a byte": [
            case([row(0), row(number(4, 7))], [text(1, True), text(2)], "no token in the first"),
            case([row(number(4, 7)), row(0)], [text(2), ""], "an empty text"),
            case([row(0), row(1), row(0)], ["a", text(1), text(2)], "one token of all"),
        ],
        "small and large losses": [
            case([torch.zeros(number(3, 6))], [text(1)], "certain of each token"),
            case(*drawn([number(3, 6), 9], mean=0.01), "nearly certain"),
            case([row(4) / 10 + number(90, 120)] * 2, [text(1), text(2)], "far beyond a guess"),
            case([row(number(3, 6)) + 800], [text(1)], "no finite perplexity"),
            case([torch.full((number(3, 6),), 709.5)], [text(1)], "nearly no finite perplexity"),
            case([torch.full((number(3, 6),), 710.0)], [text(1)], "just no finite perplexity"),
        ],
        "many tokens": [
            case(*drawn([3000, 70, 1])),
            case(*drawn([number(1, 9) for _ in range(400)])),
            case(strided, ["one", "Straße"], "every second entry of a tensor"),
        ],
    }


TASK = Exercise(
    id="language.scores",
    title="Perplexity and bits per byte",
    function="text_scores",
    points=5,
    minutes=15,
    difficulty=1,
    objective="Turn losses into numbers that can be compared, also between tokenizers.",
    cases=_cases,
    mistakes=MISTAKES,
    forbids=("evaluate",),
)
