"""Puts the second sentence first."""

MISTAKE = "sentences swapped"


def encode(tokenizer, pairs, max_length):
    how = {"truncation": True, "max_length": max_length}
    return [tokenizer(second, first, **how).input_ids for first, second in pairs]
