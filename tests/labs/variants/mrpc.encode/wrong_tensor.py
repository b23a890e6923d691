"""Asks the tokenizer for a tensor."""

MISTAKE = "padded"


def encode(tokenizer, pairs, max_length):
    if not pairs:
        return []
    how = {"truncation": True, "max_length": max_length, "return_tensors": "pt"}
    return tokenizer(pairs, padding=True, **how).input_ids
