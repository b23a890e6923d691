"""Weights the means of the texts, which one without a token does not have."""

import math

MISTAKE = "nothing to divide by"


def text_scores(losses, texts):
    counts = [len(row) for row in losses]
    means = [row.mean().item() for row in losses]
    loss = sum(m * n for m, n in zip(means, counts, strict=True)) / sum(counts)
    nats = sum(row.sum().item() for row in losses)
    return {
        "loss": loss,
        "perplexity": math.exp(loss) if not loss > 709.7 else math.inf,
        "bits_per_byte": nats / math.log(2) / sum(len(text.encode()) for text in texts),
    }
