"""Gives the tokenizer a padding token, as is often seen for GPT-2."""

MISTAKE = "changed the tokenizer"


def encode(tokenizer, pairs, max_length):
    tokenizer.pad_token = tokenizer.eos_token
    how = {"truncation": True, "max_length": max_length}
    return [tokenizer(first, second, **how).input_ids for first, second in pairs]
