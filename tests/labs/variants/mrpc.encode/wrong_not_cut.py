"""Does not cut."""

MISTAKE = "not cut"


def encode(tokenizer, pairs, max_length):
    how = {"truncation": True, "max_length": max_length}
    how["truncation"] = False
    return [tokenizer(*pair, **how).input_ids for pair in pairs]
