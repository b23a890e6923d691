"""Sets the sides as they mostly are."""

MISTAKE = "changed the tokenizer"


def encode(tokenizer, pairs, max_length):
    tokenizer.padding_side = "left"
    tokenizer.padding_side = "right"
    return [
        tokenizer(first, second, truncation=True, max_length=max_length)["input_ids"]
        for first, second in pairs
    ]
