"""Averages the texts."""

import math

MISTAKE = "the mean of text means"


def text_scores(losses, texts):
    nats = sum(float(row.double().sum()) for row in losses)
    size = sum(len(text.encode()) for text in texts)
    means = [float(row.double().mean()) for row in losses if len(row)]
    loss = sum(means) / len(means)
    return {
        "loss": loss,
        "perplexity": math.exp(loss) if loss < 709.7 else math.inf,
        "bits_per_byte": nats / math.log(2) / size,
    }
