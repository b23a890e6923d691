"""Scores always answering 1, whatever the labels."""

MISTAKE = "F1 always of answering 1"


def baseline(labels, predictions):
    if len(labels) == 0:
        return {"majority": 0.0, "majority_f1": 0.0, "collapsed": False}
    ones = labels.double().mean().item()
    return {
        "majority": max(ones, 1 - ones),
        "majority_f1": 2 * ones / (1 + ones),
        "collapsed": len(predictions.unique()) == 1,
    }
