"""The tokenizer takes a list of pairs as well."""


def encode(tokenizer, pairs, max_length):
    if len(pairs) == 0:
        return []
    encoded = tokenizer(pairs, truncation=True, max_length=max_length)
    return [list(ids) for ids in encoded.input_ids]
