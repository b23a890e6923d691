"""Calls a model collapsed by its accuracy."""

MISTAKE = "collapsed if accuracy equals majority"


def baseline(labels, predictions):
    if len(labels) == 0:
        return {"majority": 0.0, "majority_f1": 0.0, "collapsed": False}
    ones = int(labels.sum())
    most = max(ones, len(labels) - ones)
    return {
        "majority": most / len(labels),
        "majority_f1": 2 * ones / (len(labels) + ones) if 2 * ones > len(labels) else 0.0,
        "collapsed": int((labels == predictions).sum()) == most,
    }
