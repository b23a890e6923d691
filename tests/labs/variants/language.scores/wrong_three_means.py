"""A mean over the texts of each value."""

import math

MISTAKE = "the mean of text means"


def text_scores(losses, texts):
    loss = sum(row.mean().item() for row in losses) / len(losses)
    bits = [
        row.sum().item() / math.log(2) / len(text.encode())
        for row, text in zip(losses, texts, strict=True)
        if text
    ]
    return {
        "loss": loss,
        "perplexity": math.exp(loss) if loss < 709.7 else math.inf,
        "bits_per_byte": sum(bits) / len(bits),
    }
