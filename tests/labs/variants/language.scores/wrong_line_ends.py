"""Counts the two bytes of a line end of Windows as one."""

import math

MISTAKE = "at 'bits_per_byte'"


def text_scores(losses, texts):
    total = sum(part.double().sum().item() for part in losses)
    loss = total / sum(len(part) for part in losses)
    size = sum(len(text.replace("\r\n", "\n").encode()) for text in texts)
    return {
        "loss": loss,
        "perplexity": math.exp(loss) if loss < 709.78 else math.inf,
        "bits_per_byte": total / math.log(2) / size,
    }
