"""Hands over empty lists."""

MISTAKE = "no pairs"


def encode(tokenizer, pairs, max_length):
    how = {"truncation": True, "max_length": max_length}
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    return tokenizer(first, second, **how).input_ids
