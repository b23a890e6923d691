"""Pads to max_length."""

MISTAKE = "padded"


def encode(tokenizer, pairs, max_length):
    how = {"truncation": True, "max_length": max_length}
    return [tokenizer(*pair, padding="max_length", **how).input_ids for pair in pairs]
