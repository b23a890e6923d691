"""Takes the arithmetic mean."""

MISTAKE = "the mean of precision and recall"


def accuracy_and_f1(predictions, labels):
    tp = int((predictions * labels).sum())
    fp = int((predictions * (1 - labels)).sum())
    fn = int(((1 - predictions) * labels).sum())
    accuracy = (predictions == labels).sum().item() / max(len(labels), 1)
    return accuracy, (tp / max(tp + fp, 1) + tp / max(tp + fn, 1)) / 2
