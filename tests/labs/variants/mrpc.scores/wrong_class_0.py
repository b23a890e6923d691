"""Takes 0 for the positive class."""

MISTAKE = "F1 of class 0"


def accuracy_and_f1(predictions, labels):
    tp = int((predictions * labels).sum())
    fp = int((predictions * (1 - labels)).sum())
    fn = int(((1 - predictions) * labels).sum())
    accuracy = (predictions == labels).sum().item() / max(len(labels), 1)
    tn = len(labels) - tp - fp - fn
    return accuracy, 2 * tn / max(2 * tn + fp + fn, 1)
