"""Averages the perplexities of the texts."""

import math

MISTAKE = "the mean of text means"


def text_scores(losses, texts):
    nats = sum(float(row.double().sum()) for row in losses)
    tokens = sum(len(row) for row in losses)
    size = sum(len(text.encode()) for text in texts)
    loss = nats / tokens
    each = [float(row.double().mean().exp()) for row in losses if len(row)]
    return {
        "loss": loss,
        "perplexity": sum(each) / len(each),
        "bits_per_byte": nats / math.log(2) / size,
    }
