"""By way of bits: 2 to the power of the bits of a token."""

import math


def text_scores(losses, texts):
    values = [loss for row in losses for loss in row.tolist()]
    bits = math.fsum(values) * math.log2(math.e)
    try:
        perplexity = 2.0 ** (bits / len(values))
    except OverflowError:
        perplexity = math.inf
    size = len(bytearray().join(text.encode("utf8") for text in texts))
    return {
        "loss": math.fsum(values) / len(values),
        "perplexity": perplexity,
        "bits_per_byte": bits / size,
    }
