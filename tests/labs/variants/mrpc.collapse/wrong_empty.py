"""Divides by the number of pairs without looking at it."""

MISTAKE = "no pairs, no answer"


def baseline(labels, predictions):
    ones = labels.sum().item() / len(labels)
    return {
        "majority": max(ones, 1 - ones),
        "majority_f1": 2 * ones / (1 + ones) if ones > 0.5 else 0.0,
        "collapsed": len(predictions.unique()) == 1,
    }
