"""Right and wrong answers to the exercise `language.scores`."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from labkit.checks.engine.judge import Mistake

if TYPE_CHECKING:
    from torch import Tensor


def size_of(text: str) -> int:
    """Bytes of the text as UTF-8."""
    return len(text.encode("utf-8"))


def _exp(value: float) -> float:
    return math.exp(value) if value < 709.78 else math.inf


def _totals(losses: "list[Tensor]", texts: list[str]) -> tuple[float, int, int]:
    """Nats, tokens and bytes of all texts."""
    nats = sum(float(row.double().sum()) for row in losses)
    return nats, sum(len(row) for row in losses), sum(size_of(text) for text in texts)


def text_scores(losses: "list[Tensor]", texts: list[str]) -> dict[str, float]:
    """The right answer."""
    nats, tokens, size = _totals(losses, texts)
    return {
        "loss": nats / tokens,
        "perplexity": _exp(nats / tokens),
        "bits_per_byte": nats / math.log(2) / size,
    }


def _with(**changes: Callable[[float, int, int, list[str]], float]) -> Callable[..., Any]:
    """The right answer with other values, worked out from nats, tokens, bytes and texts."""

    def answer(losses: "list[Tensor]", texts: list[str]) -> dict[str, float]:
        totals = _totals(losses, texts)
        changed = {name: change(*totals, texts) for name, change in changes.items()}
        return text_scores(losses, texts) | changed

    return answer


def _encoded(coded: Callable[[str], int]) -> Callable[..., Any]:
    """Another number of bytes for a text."""
    return _with(
        bits_per_byte=lambda nats, tokens, size, texts: (
            nats / math.log(2) / sum(coded(text) for text in texts)
        )
    )


def _text_means(losses: "list[Tensor]", texts: list[str]) -> list[float]:
    return [float(row.double().mean()) for row in losses if len(row)]


def _mean_of_losses(losses: "list[Tensor]", texts: list[str]) -> dict[str, float]:
    means = _text_means(losses, texts)
    mean = sum(means) / len(means)
    return text_scores(losses, texts) | {"loss": mean, "perplexity": _exp(mean)}


def _mean_of_perplexities(losses: "list[Tensor]", texts: list[str]) -> dict[str, float]:
    each = [_exp(mean) for mean in _text_means(losses, texts)]
    return text_scores(losses, texts) | {"perplexity": sum(each) / len(each)}


def _token_perplexities(losses: "list[Tensor]", texts: list[str]) -> dict[str, float]:
    each = [_exp(loss) for row in losses for loss in row.tolist()]
    return text_scores(losses, texts) | {"perplexity": sum(each) / len(each)}


def _mean_of_bits(losses: "list[Tensor]", texts: list[str]) -> dict[str, float]:
    each = [
        float(row.double().sum()) / math.log(2) / size_of(text)
        for row, text in zip(losses, texts, strict=True)
        if text
    ]
    return text_scores(losses, texts) | {"bits_per_byte": sum(each) / len(each)}


def _means_throughout(losses: "list[Tensor]", texts: list[str]) -> dict[str, float]:
    """All three values from the mean of the texts' means."""
    found = _mean_of_losses(losses, texts)
    nats = found["loss"] * sum(len(row) for row in losses)
    return found | {"bits_per_byte": nats / math.log(2) / sum(size_of(text) for text in texts)}


def _three_means(losses: "list[Tensor]", texts: list[str]) -> dict[str, float]:
    bits = _mean_of_bits(losses, texts)["bits_per_byte"]
    return _mean_of_losses(losses, texts) | {"bits_per_byte": bits}


def _nan_for_nothing(
    answer: Callable[..., dict[str, float]], **lost: float
) -> Callable[..., dict[str, float]]:
    """The same answer, but where a text has no token torch has no mean, nor what follows."""

    def with_nan(losses: "list[Tensor]", texts: list[str]) -> dict[str, float]:
        found = answer(losses, texts)
        return found if all(len(row) for row in losses) else found | {"loss": math.nan} | lost

    return with_nan


_LENGTHS = "averages over texts let a short text count as much as a long one: add up, divide once"
_OF_NAN = (math.nan, math.inf)  # the latter where a comparison with it chooses
_NOTHING = "a text may have no predicted token, or no byte: divide once, by what all have together"

MISTAKES = (
    *(
        Mistake("the mean of text means", _LENGTHS, answer)
        for answer in (_mean_of_losses, _mean_of_perplexities, _mean_of_bits, _means_throughout)
    ),
    # Without a guard a text of no token has no mean, or an error for one: the other texts tell.
    *(
        Mistake(
            "the mean of text means",
            f"{_LENGTHS}; a text without a token has no mean at all",
            _nan_for_nothing(answer, perplexity=perplexity, **bits),
            error="ZeroDivisionError",
        )
        for answer, bits in (
            (_mean_of_losses, {}),
            (_means_throughout, {"bits_per_byte": math.nan}),
            (_three_means, {}),
        )
        for perplexity in _OF_NAN
    ),
    Mistake(
        "the mean of token perplexities",
        "the perplexity is the exponential of the mean loss, not the mean of exponentials",
        _token_perplexities,
    ),
    *(
        Mistake(
            "two bases",
            "nats go with e: the perplexity is exp(loss), or 2 to the power of the bits per token",
            _with(perplexity=change),
        )
        for change in (
            lambda nats, tokens, size, texts: 2 ** (nats / tokens),
            lambda nats, tokens, size, texts: _exp(nats / tokens / math.log(2)),
        )
    ),
    Mistake(
        "characters for bytes",
        "outside of ASCII a character takes two to four bytes of UTF-8: count those of "
        "text.encode()",
        _encoded(len),
    ),
    *(
        Mistake(
            "another text than the one that was read",
            "count all bytes of the text as UTF-8, blanks and line ends included",
            _encoded(coded),
        )
        for coded in (
            lambda text: size_of(text.strip()),
            lambda text: len(text.encode("utf-16")),
            lambda text: len(text.encode("utf-16-le")),
            lambda text: len(text.encode("utf-32-le")),
            lambda text: len(text.encode("ascii", "ignore")),
            lambda text: len(text.encode("latin-1", "ignore")),
            lambda text: len(text.encode("latin-1", "replace")),
        )
    ),
    Mistake(
        "another text than the one that was read",
        "count the bytes of UTF-8, which has all characters",
        error="UnicodeEncodeError",
    ),
    *(
        Mistake(
            "bits per token",
            "tokens of two tokenizers are of different length: divide all bits by all bytes",
            _with(bits_per_byte=change),
        )
        for change in (
            lambda nats, tokens, size, texts: nats / math.log(2) / tokens,
            lambda nats, tokens, size, texts: nats / tokens / math.log(2) / size,
        )
    ),
    Mistake(
        "bits per word",
        "words are of different length: divide all bits by all bytes",
        _encoded(lambda text: len(text.split())),
    ),
    *(
        Mistake(
            "nats for bits",
            "a bit is ln 2 nats: divide nats by ln 2",
            _with(bits_per_byte=change),
        )
        for change in (
            lambda nats, tokens, size, texts: nats / size,
            lambda nats, tokens, size, texts: nats * math.log(2) / size,
        )
    ),
    Mistake(
        "bytes per bit",
        "bits per byte: the bytes stand below",
        _with(bits_per_byte=lambda nats, tokens, size, texts: size / (nats / math.log(2))),
    ),
    *(
        Mistake(
            "a sum for the mean",
            "the loss is per token: divide by the number of predicted tokens of all texts",
            answer,
        )
        for answer in (
            _with(loss=lambda nats, tokens, size, texts: nats),
            _with(perplexity=lambda nats, tokens, size, texts: _exp(nats)),
            _with(
                loss=lambda nats, tokens, size, texts: nats,
                perplexity=lambda nats, tokens, size, texts: _exp(nats),
            ),
            _with(
                loss=lambda nats, tokens, size, texts: nats / len(texts),
                perplexity=lambda nats, tokens, size, texts: _exp(nats / len(texts)),
            ),
        )
    ),
    Mistake(
        "overflow",
        "where exp(loss) is no finite float the perplexity is infinite",
        error="OverflowError",
    ),
    Mistake(
        "overflow",
        "a float32 ends at 3.4e38, a Python float at 1.8e308: take the exponential of the latter",
        _with(
            perplexity=lambda nats, tokens, size, texts: (
                _exp(nats / tokens) if nats / tokens < 88.7 else math.inf
            )
        ),
    ),
    *(
        Mistake(
            "nothing to divide by",
            _NOTHING,
            _nan_for_nothing(text_scores, perplexity=perplexity, **bits),
            error="ZeroDivisionError",
        )
        for bits in ({}, {"bits_per_byte": math.nan})
        for perplexity in _OF_NAN
    ),
)
