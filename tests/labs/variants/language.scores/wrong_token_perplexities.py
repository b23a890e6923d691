"""Averages the exponentials of the losses."""

import math

MISTAKE = "the mean of token perplexities"


def text_scores(losses, texts):
    nats = sum(float(row.double().sum()) for row in losses)
    tokens = sum(len(row) for row in losses)
    size = sum(len(text.encode()) for text in texts)
    loss = nats / tokens
    return {
        "loss": loss,
        "perplexity": sum(float(row.double().exp().sum()) for row in losses) / tokens,
        "bits_per_byte": nats / math.log(2) / size,
    }
