"""Calls each model collapsed that is no better than the majority's answer."""

MISTAKE = "collapsed if no better than the majority"


def baseline(labels, predictions):
    if labels.numel() == 0:
        return {"majority": 0.0, "majority_f1": 0.0, "collapsed": False}
    ones = labels.double().mean().item()
    majority = max(ones, 1 - ones)
    accuracy = (labels == predictions).double().mean().item()
    return {
        "majority": majority,
        "majority_f1": 2 * ones / (1 + ones) if ones > 0.5 else 0.0,
        "collapsed": accuracy <= majority,
    }
