"""Averages over the classes by their size."""

MISTAKE = "an average over both classes"


def accuracy_and_f1(predictions, labels):
    tp = int((predictions * labels).sum())
    fp = int((predictions * (1 - labels)).sum())
    fn = int(((1 - predictions) * labels).sum())
    accuracy = (predictions == labels).sum().item() / max(len(labels), 1)
    tn = len(labels) - tp - fp - fn
    of_0, of_1 = (2 * right / max(2 * right + fp + fn, 1) for right in (tn, tp))
    return accuracy, (of_0 * (tn + fp) + of_1 * (tp + fn)) / max(len(labels), 1)
