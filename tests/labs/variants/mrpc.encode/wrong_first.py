"""Leaves the second sentence out."""

MISTAKE = "only the first sentence"


def encode(tokenizer, pairs, max_length):
    how = {"truncation": True, "max_length": max_length}
    return [tokenizer(first, **how).input_ids for first, _ in pairs]
