"""Leaves the special tokens out."""

MISTAKE = "no special tokens"


def encode(tokenizer, pairs, max_length):
    how = {"truncation": True, "max_length": max_length}
    return [tokenizer(*pair, add_special_tokens=False, **how).input_ids for pair in pairs]
