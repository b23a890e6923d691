"""Takes 95 percent for all."""

MISTAKE = "collapsed if nearly all agree"


def baseline(labels, predictions):
    if not len(labels):
        return {"majority": 0.0, "majority_f1": 0.0, "collapsed": False}
    ones, called = (int(values.sum()) / len(values) for values in (labels, predictions))
    return {
        "majority": max(ones, 1 - ones),
        "majority_f1": 2 * ones / (1 + ones) if ones > 0.5 else 0.0,
        "collapsed": max(called, 1 - called) >= 0.95,
    }
