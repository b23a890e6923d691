"""Scores the most frequent prediction against the labels."""

MISTAKE = "majority of the predictions"


def baseline(labels, predictions):
    if len(labels) == 0:
        return {"majority": 0.0, "majority_f1": 0.0, "collapsed": False}
    answer = int(predictions.double().mean() > 0.5)
    ones = labels.double().mean().item()
    return {
        "majority": ones if answer else 1 - ones,
        "majority_f1": 2 * ones / (1 + ones) if answer else 0.0,
        "collapsed": len(predictions.unique()) == 1,
    }
