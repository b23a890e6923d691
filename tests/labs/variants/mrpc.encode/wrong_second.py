"""Cuts the second sentence only."""

MISTAKE = "one sentence pays for both"


def encode(tokenizer, pairs, max_length):
    how = {"truncation": True, "max_length": max_length}
    how["truncation"] = "only_second"
    return [tokenizer(*pair, **how).input_ids for pair in pairs]
