"""Joins the sentences with a space."""

MISTAKE = "joined as one text"


def encode(tokenizer, pairs, max_length):
    how = {"truncation": True, "max_length": max_length}
    return [tokenizer(" ".join(pair), **how).input_ids for pair in pairs]
