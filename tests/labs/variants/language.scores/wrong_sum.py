"""Takes the exponential of the sum."""

import math

MISTAKE = "a sum for the mean"


def text_scores(losses, texts):
    nats = sum(float(row.double().sum()) for row in losses)
    tokens = sum(len(row) for row in losses)
    size = sum(len(text.encode()) for text in texts)
    loss = nats / tokens
    return {
        "loss": loss,
        "perplexity": math.exp(nats) if nats < 709.7 else math.inf,
        "bits_per_byte": nats / math.log(2) / size,
    }
