"""Plain Python: the models really change places."""


def paired_test(first, second, tokens, signs):
    one, two = first.tolist(), second.tolist()
    seen = sum(two) - sum(one)
    extreme = 1
    for row in signs.tolist():
        left = sum(b if turned else a for a, b, turned in zip(one, two, row, strict=True))
        right = sum(a if turned else b for a, b, turned in zip(one, two, row, strict=True))
        extreme += abs(right - left) >= abs(seen)
    return {
        "difference": seen / sum(tokens.tolist()),
        "worse": sum(b > a for a, b in zip(one, two, strict=True)),
        "p": extreme / (1 + signs.shape[0]),
    }
