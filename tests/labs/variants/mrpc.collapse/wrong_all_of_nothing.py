"""Asks all() of no predictions."""

MISTAKE = "no predictions are a collapse"


def baseline(labels, predictions):
    ones = labels.sum().item() / max(len(labels), 1)
    return {
        "majority": max(ones, 1 - ones) if len(labels) else 0.0,
        "majority_f1": 2 * ones / (1 + ones) if ones > 0.5 else 0.0,
        "collapsed": bool((predictions == predictions[:1]).all()),
    }
