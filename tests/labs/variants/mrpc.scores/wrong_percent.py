"""Returns percent."""

MISTAKE = "percent"


def accuracy_and_f1(predictions, labels):
    tp = int((predictions * labels).sum())
    fp = int((predictions * (1 - labels)).sum())
    fn = int(((1 - predictions) * labels).sum())
    accuracy = (predictions == labels).sum().item() / max(len(labels), 1)
    return 100 * accuracy, 200 * tp / max(2 * tp + fp + fn, 1)
