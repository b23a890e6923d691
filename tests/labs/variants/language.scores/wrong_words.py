"""Divides the bits by the words."""

import math

MISTAKE = "bits per word"


def text_scores(losses, texts):
    nats = sum(float(row.double().sum()) for row in losses)
    tokens = sum(len(row) for row in losses)
    size = sum(len(text.split()) for text in texts)
    loss = nats / tokens
    return {
        "loss": loss,
        "perplexity": math.exp(loss) if loss < 709.7 else math.inf,
        "bits_per_byte": nats / math.log(2) / size,
    }
