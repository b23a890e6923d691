"""Windows over a document's tokens, such that every token is scored exactly once."""

from __future__ import annotations

from dataclasses import dataclass

from labkit.errors import InputError


@dataclass(frozen=True)
class Window:
    """Tokens `start` to `stop` of a document are seen at once; `first` to `stop` are scored."""

    start: int
    stop: int
    first: int


def windows(count: int, context: int, stride: int) -> list[Window]:
    """The windows over `count` tokens, one every `stride`, each of `context` tokens at most.

    Each window scores what the one before it has not, so that every token is scored exactly once,
    whatever the stride.  All but those of the first window have at least `context - stride` tokens
    before them.  The last window ends with the document, and may be shorter.

    These are the windows of "Perplexity of fixed-length models" in the documentation of
    transformers.  There they hold the tokens themselves, `max_length` of them, of which the first
    is not scored; here, for a causal model, the inputs.  Its loop is `context=max_length - 1` with
    the same stride (and at `stride=max_length` it loses a token of each window, which this does
    not).

    Args:
        count: tokens of the document, at least 0.
        context: tokens seen at once, at least 1.
        stride: tokens from one window to the next, 1 to `context`.

    Raises:
        InputError: a value out of its range.
    """
    check_windows(context, stride)
    if count < 0:
        raise InputError(f"a document cannot have {count} tokens")
    found: list[Window] = []
    start = stop = 0
    while stop < count:
        first, stop = stop, min(start + context, count)
        found.append(Window(start, stop, first))
        start += stride
    return found


def check_windows(context: int, stride: int) -> None:
    """Refuse a context below 1, and a stride that leaves tokens out.

    Raises:
        InputError: names the value and its range.
    """
    if context < 1:
        raise InputError(f"context is {context}; a window holds at least one token")
    if not 1 <= stride <= context:
        raise InputError(
            f"stride is {stride} and context {context}: the stride is 1 to the context, since "
            "windows further apart would leave tokens out"
        )
