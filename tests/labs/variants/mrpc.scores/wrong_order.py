"""Swaps the two."""

MISTAKE = "F1 first"


def accuracy_and_f1(predictions, labels):
    tp = int((predictions * labels).sum())
    fp = int((predictions * (1 - labels)).sum())
    fn = int(((1 - predictions) * labels).sum())
    accuracy = (predictions == labels).sum().item() / max(len(labels), 1)
    return 2 * tp / max(2 * tp + fp + fn, 1), accuracy
