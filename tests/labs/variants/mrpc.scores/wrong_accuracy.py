"""Averages over all decisions."""

MISTAKE = "accuracy for F1"


def accuracy_and_f1(predictions, labels):
    fp = int((predictions * (1 - labels)).sum())
    fn = int(((1 - predictions) * labels).sum())
    accuracy = (predictions == labels).sum().item() / max(len(labels), 1)
    # The micro average over both classes: each error is a false positive and a false negative.
    right = len(labels) - fp - fn
    return accuracy, 2 * right / max(2 * right + 2 * (fp + fn), 1)
