"""Takes the F1 of the class that is the most frequent."""

MISTAKE = "F1 of the majority class"


def baseline(labels, predictions):
    if len(labels) == 0:
        return {"majority": 0.0, "majority_f1": 0.0, "collapsed": False}
    ones = labels.double().mean().item()
    most = max(ones, 1 - ones)
    return {
        "majority": most,
        "majority_f1": 2 * most / (1 + most),
        "collapsed": len(predictions.unique()) == 1,
    }
