"""Looks for a collapse to the majority only."""

MISTAKE = "collapsed to the majority only"


def baseline(labels, predictions):
    if len(labels) == 0:
        return {"majority": 0.0, "majority_f1": 0.0, "collapsed": False}
    ones = labels.double().mean().item()
    answer = int(ones > 0.5)
    return {
        "majority": max(ones, 1 - ones),
        "majority_f1": 2 * ones / (1 + ones) if answer else 0.0,
        "collapsed": bool((predictions == answer).all()),
    }
