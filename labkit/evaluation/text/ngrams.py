"""Interpolated Kneser-Ney n-gram models on token ids, the measure that a network has to beat.

Chen and Goodman (1999), "An empirical study of smoothing techniques for language modeling",
section 2.7 with one discount for each order, D = n1 / (n1 + 2 n2) of the counts that the order
uses (their equation 17); lower orders count in how many contexts a token occurs, and the lowest
goes over to a uniform distribution over the vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labkit.errors import InputError

Documents = Sequence[Sequence[int]]

NAMES = ("unigram", "bigram", "trigram")


@dataclass(frozen=True, eq=False)
class _Order:
    """Counts of one order: sorted codes of n-grams, and what their contexts add up to.

    `context_total[c]` sums the counts after a context, `context_types[c]` counts the tokens seen
    after it; both by the position of the context's code in `contexts`.
    """

    codes: np.ndarray
    counts: np.ndarray
    contexts: np.ndarray
    context_total: np.ndarray
    context_types: np.ndarray
    discount: float


@dataclass(frozen=True, eq=False)
class KneserNey:
    """A model of order `order` (1 to 3) over `vocabulary` ids; `perplexity` is what to ask."""

    order: int
    vocabulary: int
    start: int
    _orders: tuple[_Order, ...]

    def probabilities(self, history: Sequence[int]) -> np.ndarray:
        """Probability of each id (vocabulary,) float64 after `history`, whose end alone counts.

        Raises:
            InputError: `history` is shorter than the context of the model, or an id is none.
        """
        used = list(history)[len(history) - (self.order - 1) :] if self.order > 1 else []
        if len(used) < self.order - 1:
            raise InputError(f"a history of {len(history)} ids; {self.order - 1} are needed")
        _check_ids([used], self.vocabulary)
        grams = np.empty((self.vocabulary, self.order), dtype=np.int64)
        grams[:, :-1] = used
        grams[:, -1] = np.arange(self.vocabulary)
        return self._probability(grams)

    def log_probabilities(self, documents: Documents) -> np.ndarray:
        """Natural logarithm of the probability of each token of each document, in one row.

        Raises:
            InputError: an id that is none of the vocabulary.
        """
        _check_ids(documents, self.vocabulary)
        return np.log(self._probability(_grams(documents, self.order, self.start)))

    def perplexity(self, documents: Documents) -> float:
        """exp of the mean negative log probability of all tokens.

        Raises:
            InputError: no tokens, or an id that is none of the vocabulary.
        """
        found = self.log_probabilities(documents)
        if not len(found):
            raise InputError("there are no tokens to predict")
        return float(np.exp(-found.mean()))

    def _probability(self, grams: np.ndarray) -> np.ndarray:
        probability = np.full(len(grams), 1 / self.vocabulary)
        for n, order in enumerate(self._orders, start=1):
            part = grams[:, self.order - n :]
            counts = _looked_up(order.codes, order.counts, _codes(part, self.vocabulary))
            context = _codes(part[:, :-1], self.vocabulary)
            total = _looked_up(order.contexts, order.context_total, context)
            types = _looked_up(order.contexts, order.context_types, context)
            seen = total > 0
            discounted = np.maximum(counts[seen] - order.discount, 0)
            left = order.discount * types[seen]
            probability[seen] = (discounted + left * probability[seen]) / total[seen]
        return probability


def kneser_ney(
    documents: Documents,
    vocabulary: int,
    order: int = 3,
    *,
    start: int,
    discount: float | None = None,
) -> KneserNey:
    """Count an interpolated Kneser-Ney model.

    Args:
        documents: token ids, 0 to `vocabulary` - 1.
        vocabulary: number of ids.
        order: 1 (unigram), 2 or 3.
        start: id that stands before the first token of each document, as often as the context
            needs it; it is not predicted.
        discount: what each count gives up, 0 to 1, for all orders; None estimates one for each.

    Raises:
        InputError: no tokens, an id that is none, another order or discount.
    """
    if order not in (1, 2, 3):
        raise InputError(f"order={order!r}: choose 1, 2 or 3")
    if discount is not None and not 0 <= discount <= 1:
        raise InputError(f"discount={discount!r}: give 0 to 1, or None to estimate it")
    _check_ids([*documents, [start]], vocabulary)
    grams = _grams(documents, order, start)
    if not len(grams):
        raise InputError("there are no tokens to count")
    orders: list[_Order] = []
    codes, counts = np.unique(_codes(grams, vocabulary), return_counts=True)
    for n in range(order, 0, -1):
        orders.append(_order(codes, counts, vocabulary, discount))
        # One order lower: in how many contexts, one token longer, each n-gram is seen.
        codes, counts = np.unique(codes % vocabulary ** (n - 1), return_counts=True)
    return KneserNey(order, vocabulary, start, tuple(reversed(orders)))


def perplexities(
    training: Documents, held_out: Documents, vocabulary: int, start: int
) -> dict[str, float]:
    """Perplexity on `held_out` of the unigram, bigram and trigram model of `training`.

    Arguments and errors are those of `kneser_ney`.
    """
    return {
        name: kneser_ney(training, vocabulary, order, start=start).perplexity(held_out)
        for order, name in enumerate(NAMES, start=1)
    }


def _order(
    codes: np.ndarray, counts: np.ndarray, vocabulary: int, discount: float | None
) -> _Order:
    contexts, at = np.unique(codes // vocabulary, return_inverse=True)
    if discount is None:
        once, twice = int((counts == 1).sum()), int((counts == 2).sum())
        # Without n-grams seen once nothing tells how many are unseen: half a count goes to them.
        discount = once / (once + 2 * twice) if once else 0.5
    return _Order(
        codes,
        counts,
        contexts,
        np.bincount(at, weights=counts),
        np.bincount(at),
        discount,
    )


def _grams(documents: Documents, order: int, start: int) -> np.ndarray:
    """The n-gram that ends at each token (tokens, order) int64."""
    rows = []
    for document in documents:
        padded = np.array([start] * (order - 1) + list(document), dtype=np.int64)
        if len(document):
            rows.append(np.lib.stride_tricks.sliding_window_view(padded, order))
    return np.concatenate(rows) if rows else np.empty((0, order), dtype=np.int64)


def _codes(grams: np.ndarray, vocabulary: int) -> np.ndarray:
    """One number for each n-gram, its last token the last digit to the base `vocabulary`."""
    codes = np.zeros(len(grams), dtype=np.int64)
    for column in range(grams.shape[1]):
        codes = codes * vocabulary + grams[:, column]
    return codes


def _looked_up(keys: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The value of each wanted key, 0 where it is not there."""
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], 0)


def _check_ids(documents: Documents, vocabulary: int) -> None:
    if not 0 < vocabulary <= 2_000_000:  # the cube has to fit in 64 bits
        raise InputError(f"vocabulary={vocabulary!r}: give 1 to 2,000,000 ids")
    for number, document in enumerate(documents):
        for token in document:
            if not 0 <= token < vocabulary:
                raise InputError(
                    f"document {number} has the id {token}, outside of the vocabulary (0 to "
                    f"{vocabulary - 1}): encode it with the tokenizer that the size belongs to"
                )
