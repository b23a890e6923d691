"""The mean of ones and zeros; nan for nothing becomes 0."""


def share_below(weight, threshold):
    return (weight.abs() < threshold).double().mean().nan_to_num(0.0)
