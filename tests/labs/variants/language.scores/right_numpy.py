"""numpy, in float64, with the warning of its overflow."""

import numpy as np


def text_scores(losses, texts):
    joined = np.concatenate([row.numpy().astype(np.float64) for row in losses])
    size = sum(memoryview(text.encode()).nbytes for text in texts)
    return {
        "loss": joined.mean(),
        "perplexity": np.exp(joined.mean()),
        "bits_per_byte": joined.sum() / np.log(2) / size,
    }
