"""Calls perplexities infinite that a float still holds."""

import math

MISTAKE = "nearly no finite perplexity"


def text_scores(losses, texts):
    total = sum(part.double().sum().item() for part in losses)
    loss = total / sum(len(part) for part in losses)
    return {
        "loss": loss,
        "perplexity": math.exp(loss) if loss < 700 else math.inf,
        "bits_per_byte": total / math.log(2) / sum(len(text.encode()) for text in texts),
    }
