"""Takes 2 to the power of nats."""

import math

MISTAKE = "two bases"


def text_scores(losses, texts):
    nats = sum(float(row.double().sum()) for row in losses)
    tokens = sum(len(row) for row in losses)
    size = sum(len(text.encode()) for text in texts)
    loss = nats / tokens
    return {
        "loss": loss,
        "perplexity": 2**loss,
        "bits_per_byte": nats / math.log(2) / size,
    }
