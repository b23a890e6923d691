"""numpy, with the constant answer written out."""

import numpy as np


def baseline(labels, predictions):
    labels, predictions = labels.numpy(), predictions.numpy()
    if labels.size == 0:
        return {"majority": 0.0, "majority_f1": 0.0, "collapsed": False}
    constant = np.full_like(labels, np.bincount(labels, minlength=2).argmax())
    both = (labels * constant).sum()
    total = (labels + constant).sum()
    return {
        "majority": (labels == constant).mean(),
        "majority_f1": 2 * both / total if both else 0.0,
        "collapsed": (predictions == predictions[0]).all(),
    }
