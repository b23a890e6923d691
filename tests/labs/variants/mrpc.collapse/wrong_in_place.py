"""Sorts the predictions in place."""

MISTAKE = "changed its input in place"


def baseline(labels, predictions):
    if len(labels) == 0:
        return {"majority": 0.0, "majority_f1": 0.0, "collapsed": False}
    predictions.copy_(predictions.sort().values)
    ones = labels.double().mean().item()
    return {
        "majority": max(ones, 1 - ones),
        "majority_f1": 2 * ones / (1 + ones) if ones > 0.5 else 0.0,
        "collapsed": bool(predictions[0] == predictions[-1]),
    }
