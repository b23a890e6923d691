"""Pads to the longest row."""

MISTAKE = "padded"


def encode(tokenizer, pairs, max_length):
    how = {"truncation": True, "max_length": max_length}
    return tokenizer(pairs, padding=True, **how).input_ids if pairs else []
