"""Batches of inputs with their attention masks, and what goes wrong in reading them.

Two exercises sum over the real tokens of such batches: `criteria.scores` and `criteria.hessian`.
"""

from collections.abc import Callable, Iterable
from random import Random
from typing import TYPE_CHECKING, Any

from labkit.checks.engine.judge import Mistake
from labkit.checks.engine.padded_inputs import padded_inputs, sign
from labkit.checks.engine.trial import Failure
from labkit.checks.lent.batches import Batches

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Pair = tuple["Tensor", "Tensor"]
CHANGED = "changed a batch in place"


def pairs(batches: Iterable[Pair]) -> list[Pair]:
    """All batches; those of an iterator without using it up."""
    return batches.pairs if isinstance(batches, Batches) else list(batches)


def tokens(inputs: "Tensor", mask: "Tensor") -> "Tensor":
    """The real tokens of a batch, shape (tokens, in), float64."""
    return inputs.double()[mask.bool()]


def everything(inputs: "Tensor", _: "Tensor") -> "Tensor":
    """All tokens of a batch, padding too."""
    return inputs.double().flatten(0, 1)


def first_tokens(inputs: "Tensor", mask: "Tensor") -> "Tensor":
    """As many tokens from the left as are real: right only with padding on the right."""
    import torch

    return torch.cat([t[:n] for t, n in zip(inputs.double(), mask.sum(1), strict=True)])


def nothing_left(batches: Iterable[Pair]) -> list[Pair]:
    """What a second loop over an iterator gets."""
    if not isinstance(batches, Batches):
        raise TypeError("a list can be read twice")
    return []


def unchanged(batches: Batches, at: int) -> Callable[[Any, tuple], Any]:
    """What looks at a result, and at what was done to the batches of the iterator, argument `at`.

    A list is compared anyway.
    """
    import torch

    def look(result: Any, arguments: tuple) -> Any:
        after = getattr(arguments[at], "pairs", [])
        both = zip(after, batches.pairs, strict=True)
        if not all(torch.equal(a, b) for pair in both for a, b in zip(*pair, strict=True)):
            raise Failure(f"the function {CHANGED}: work on a copy")
        return result

    return look


def misread(answer: Callable[[Callable[..., "Tensor"]], Callable[..., Any]]) -> tuple[Mistake, ...]:
    """Mistakes in reading batches; `answer` makes an answer from what takes tokens of a batch."""
    return (
        Mistake(
            "padding counted",
            "where attention_mask is 0 stands padding, which is no token of the text",
            answer(everything),
        ),
        Mistake(
            "padding looked for on the right only",
            "padding may stand on either side: pick tokens by the attention mask, not by their "
            "count",
            answer(first_tokens),
        ),
        Mistake(
            "attention mask used as an index",
            "an integer tensor in brackets picks rows by number; turn it into bool first",
            answer(lambda inputs, mask: inputs.double()[mask].flatten(0, -2)),
            error="out of bounds for dimension 0 with size 1",
        ),
        Mistake(
            "an iterator taken for a list",
            "it has no length and no places, and gives each batch once: go through it with for",
            error="Batches",
        ),
    )


class Draws:
    """Batches drawn from a seed, such that each known misconception shows on them."""

    def __init__(self, draw: Random) -> None:
        self.random = draw

    def sign(self) -> int:
        """1 or -1."""
        return sign(self.random)

    def batch(
        self, sequences: int, length: int, features: int, padding: tuple = (), top: int = 12
    ) -> Pair:
        """Inputs and attention mask, as `padded_inputs` draws them."""
        return padded_inputs(self.random, sequences, length, features, padding, top)

    def uneven(self, features: int) -> list[Pair]:
        """Batches of one to four sequences, with padding on either side or left of all."""
        return [
            self.batch(2, 4, features, ((), (3,))),
            self.batch(1, 3, features, top=5),
            self.batch(4, 5, features, ((0, 1), (), (4,), (0,)), top=20),
            self.batch(2, 6, features, ((0,), (0, 1, 2))),
        ]

    def fine(self, features: int) -> list[Pair]:
        """Numbers that use all digits of a float32."""
        import torch

        found = []
        for sequences in (2, 1):
            values = [self.random.uniform(-4, 4) for _ in range(sequences * 5 * features)]
            inputs = torch.tensor(values, dtype=torch.float32).reshape(sequences, 5, features)
            found.append((inputs, torch.ones(sequences, 5, dtype=torch.int64)))
        return found

    def large(self, features: int, kind: "torch.dtype") -> list[Pair]:
        """Numbers of which half precision holds each, but neither the squares nor their sums."""
        import torch

        found = []
        for sequences in (2, 3):
            values = [
                [self.sign() * self.random.randint(33, 40) * 8 for _ in range(features)]
                for _ in range(sequences * 4)
            ]
            inputs = torch.tensor(values, dtype=torch.float64).reshape(sequences, 4, features)
            found.append((inputs.to(kind), torch.ones(sequences, 4, dtype=torch.int64)))
        return found

    @staticmethod
    def strided(pair: Pair) -> Pair:
        """The same numbers, lying in memory in another order."""
        inputs, mask = pair
        return inputs.transpose(0, 1).contiguous().transpose(0, 1), mask.t().contiguous().t()


def once(batches: list[Pair]) -> Batches:
    """An iterator over the batches, which it gives once."""
    return Batches(batches)


def said(batches: Iterable[Pair]) -> str:
    """The batches in the words of the student."""
    sizes = ", ".join(
        f"{tuple(inputs.shape)} with {int(mask.sum())} real" for inputs, mask in pairs(batches)
    )
    listed = f"batches {sizes}" if sizes else "no batches"
    return f"an iterator over {listed}" if isinstance(batches, Batches) else f"[{listed}]"
