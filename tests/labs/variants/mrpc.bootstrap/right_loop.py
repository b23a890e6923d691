"""Plain Python, with its own interpolation."""

import math


def bootstrap_interval(correct, draws):
    correct = correct.tolist()
    values = sorted(sum(correct[i] for i in row) / len(row) for row in draws.tolist())

    def quantile(share):
        place = share * (len(values) - 1)
        below, above = values[math.floor(place)], values[math.ceil(place)]
        return below + (place - math.floor(place)) * (above - below)

    return [quantile(0.025), quantile(0.975)]
