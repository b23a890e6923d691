"""Divides the bytes by the bits."""

import math

MISTAKE = "bytes per bit"


def text_scores(losses, texts):
    nats = sum(float(row.double().sum()) for row in losses)
    tokens = sum(len(row) for row in losses)
    size = sum(len(text.encode()) for text in texts)
    loss = nats / tokens
    return {
        "loss": loss,
        "perplexity": math.exp(loss) if loss < 709.7 else math.inf,
        "bits_per_byte": size / (nats / math.log(2)) if nats else 0.0,
    }
