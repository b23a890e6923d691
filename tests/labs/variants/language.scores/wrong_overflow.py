"""Lets math.exp overflow."""

import math

MISTAKE = "overflow"


def text_scores(losses, texts):
    nats = sum(float(row.double().sum()) for row in losses)
    tokens = sum(len(row) for row in losses)
    size = sum(len(text.encode()) for text in texts)
    loss = nats / tokens
    return {
        "loss": loss,
        "perplexity": math.exp(loss),
        "bits_per_byte": nats / math.log(2) / size,
    }
