"""Sets the length on the tokenizer and puts it back."""


def encode(tokenizer, pairs, max_length):
    before, tokenizer.model_max_length = tokenizer.model_max_length, max_length
    rows = [tokenizer(first, second, truncation=True).input_ids for first, second in pairs]
    tokenizer.model_max_length = before
    return rows
