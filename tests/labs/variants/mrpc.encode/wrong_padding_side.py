"""Turns the padding round, although there is none."""

MISTAKE = "changed the tokenizer"


def encode(tokenizer, pairs, max_length):
    tokenizer.padding_side = "left"
    how = {"truncation": True, "max_length": max_length}
    return [tokenizer(first, second, **how).input_ids for first, second in pairs]
