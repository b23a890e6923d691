"""One call for each pair, with the strategy by name."""


def encode(tokenizer, pairs, max_length):
    how = {"truncation": "longest_first", "max_length": max_length}
    return [tokenizer.encode(first, second, **how) for first, second in pairs]
