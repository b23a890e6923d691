"""Counts the true positives once."""

MISTAKE = "overlap for F1"


def accuracy_and_f1(predictions, labels):
    tp = int((predictions * labels).sum())
    fp = int((predictions * (1 - labels)).sum())
    fn = int(((1 - predictions) * labels).sum())
    accuracy = (predictions == labels).sum().item() / max(len(labels), 1)
    return accuracy, tp / max(tp + fp + fn, 1)
