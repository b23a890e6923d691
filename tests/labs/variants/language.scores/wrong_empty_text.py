"""Divides by the tokens of each text."""

import math

MISTAKE = "nothing to divide by"


def text_scores(losses, texts):
    means = [sum(row.tolist()) / len(row) for row in losses]
    loss = sum(m * len(row) for m, row in zip(means, losses, strict=True))
    loss /= sum(len(row) for row in losses)
    size = sum(len(text.encode()) for text in texts)
    nats = loss * sum(len(row) for row in losses)
    return {
        "loss": loss,
        "perplexity": math.exp(loss) if loss < 709.7 else math.inf,
        "bits_per_byte": nats / math.log(2) / size,
    }
