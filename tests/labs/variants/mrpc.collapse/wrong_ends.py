"""Looks at the first and the last prediction."""

MISTAKE = "two predictions compared"


def baseline(labels, predictions):
    ones = labels.sum().item() / max(len(labels), 1)
    return {
        "majority": max(ones, 1 - ones) if len(labels) else 0.0,
        "majority_f1": 2 * ones / (1 + ones) if ones > 0.5 else 0.0,
        "collapsed": len(predictions) > 0 and bool(predictions[0] == predictions[-1]),
    }
