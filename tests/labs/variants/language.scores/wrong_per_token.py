"""Divides the bits by the tokens."""

import math

MISTAKE = "bits per token"


def text_scores(losses, texts):
    nats = sum(float(row.double().sum()) for row in losses)
    tokens = sum(len(row) for row in losses)
    loss = nats / tokens
    return {
        "loss": loss,
        "perplexity": math.exp(loss) if loss < 709.7 else math.inf,
        "bits_per_byte": nats / math.log(2) / tokens,
    }
