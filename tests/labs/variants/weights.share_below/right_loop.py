"""Plain Python."""


def share_below(weight, threshold):
    values = weight.flatten().tolist()
    return sum(-threshold < value < threshold for value in values) / max(len(values), 1)
