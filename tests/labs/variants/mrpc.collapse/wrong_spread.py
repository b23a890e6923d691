"""Takes a small spread for none."""

MISTAKE = "collapsed if nearly all agree"


def baseline(labels, predictions):
    if not len(labels):
        return {"majority": 0.0, "majority_f1": 0.0, "collapsed": False}
    ones = int(labels.sum()) / len(labels)
    return {
        "majority": max(ones, 1 - ones),
        "majority_f1": 2 * ones / (1 + ones) if ones > 0.5 else 0.0,
        "collapsed": bool(predictions.double().std(correction=0) < 1e-3),
    }
