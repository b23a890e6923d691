"""Confusion counts in plain Python."""

from collections import Counter


def baseline(labels, predictions):
    labels, predictions = labels.tolist(), predictions.tolist()
    if not labels:
        return {"majority": 0.0, "majority_f1": 0.0, "collapsed": False}
    counts = Counter(labels)
    answer = min((0, 1), key=lambda label: (-counts[label], label))
    hits, alarms = counts[1] * answer, counts[0] * answer
    missed = counts[1] - hits
    return {
        "majority": counts[answer] / len(labels),
        "majority_f1": 2 * hits / max(2 * hits + alarms + missed, 1),
        "collapsed": min(predictions) == max(predictions),
    }
