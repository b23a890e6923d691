"""Counts on how many documents each is better."""

from math import comb

MISTAKE = "a sign test"


def paired_test(first, second, tokens, signs):
    gaps = second - first
    worse, better = int((gaps > 0).sum()), int((gaps < 0).sum())
    n, k = worse + better, min(worse, better)
    return {
        "difference": gaps.sum().item() / tokens.sum().item(),
        "worse": worse,
        "p": min(1.0, 2 * sum(comb(n, i) for i in range(k + 1)) / 2**n),
    }
