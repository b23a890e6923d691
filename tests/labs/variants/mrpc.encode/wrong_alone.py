"""Puts two encodings together."""

MISTAKE = "each sentence on its own"


def encode(tokenizer, pairs, max_length):
    how = {"truncation": True, "max_length": max_length}
    return [tokenizer(a, **how).input_ids + tokenizer(b, **how).input_ids for a, b in pairs]
