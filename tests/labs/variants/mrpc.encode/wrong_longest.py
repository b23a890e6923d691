"""Writes the length into the tokenizer, where it stays."""

MISTAKE = "changed the tokenizer"


def encode(tokenizer, pairs, max_length):
    tokenizer.model_max_length = max_length
    return [tokenizer(first, second, truncation=True).input_ids for first, second in pairs]
