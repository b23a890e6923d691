"""What language models pay for a text at each level, made up, for explorers."""


def texts(levels):
    """A text's costs that grow with the sparsity; BART has none, and RoBERTa writes nothing."""
    rows = [
        {
            "level": level,
            "measure": "perplexity",
            "perplexity": 2.345 * 10 ** (8 * level),
            "perplexity_low": 2 * 10 ** (8 * level),
            "perplexity_high": 3 * 10 ** (8 * level),
            "bits_per_byte": 0.25 + level,
            "vocabulary": 1600,
            "sample": f" said </script> {level}",
            "opening": "The city",
        }
        for level in levels
    ]
    silent = [row | {"sample": None, "opening": None} for row in rows]
    return {"gpt2": rows, "roberta": silent}
