"""Looks for a collapse to class 0."""

MISTAKE = "collapsed to one class only"


def baseline(labels, predictions):
    if len(labels) == 0:
        return {"majority": 0.0, "majority_f1": 0.0, "collapsed": False}
    ones = labels.double().mean().item()
    return {
        "majority": max(ones, 1 - ones),
        "majority_f1": 2 * ones / (1 + ones) if ones > 0.5 else 0.0,
        "collapsed": not predictions.any().item(),
    }
