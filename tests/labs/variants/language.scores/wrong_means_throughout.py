"""All three values from the mean of means, which fails where a text has no token."""

import math

MISTAKE = "the mean of text means"


def text_scores(losses, texts):
    loss = sum(sum(row.tolist()) / len(row) for row in losses) / len(losses)
    nats = loss * sum(len(row) for row in losses)
    return {
        "loss": loss,
        "perplexity": math.exp(loss) if loss < 709.7 else math.inf,
        "bits_per_byte": nats / math.log(2) / sum(len(text.encode()) for text in texts),
    }
