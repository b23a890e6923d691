"""Standardises first; nan, from 0/0, becomes 0."""


def excess_kurtosis(weight):
    values = weight.double()
    standardised = (values - values.mean()) / values.std(correction=0)
    return (standardised.pow(4).mean() - 3).nan_to_num(0.0).item()
