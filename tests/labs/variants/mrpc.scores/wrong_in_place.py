"""Uses the predictions as scratch space."""

MISTAKE = "changed its input in place"


def accuracy_and_f1(predictions, labels):
    ones = int(predictions.sum() + labels.sum())
    wrong = int((predictions != labels).sum())
    hits = int(predictions.mul_(labels).sum())
    return 1 - wrong / len(labels) if len(labels) else 0.0, 2 * hits / ones if ones else 0.0
