"""Empties the list of pairs."""

MISTAKE = "changed its input in place"


def encode(tokenizer, pairs, max_length):
    how = {"truncation": True, "max_length": max_length}
    rows = []
    while pairs:
        rows.append(tokenizer(*pairs.pop(0), **how).input_ids)
    return rows
