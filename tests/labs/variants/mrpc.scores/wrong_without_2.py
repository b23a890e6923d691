"""Forgets the factor 2."""

MISTAKE = "the factor 2 forgotten"


def accuracy_and_f1(predictions, labels):
    tp = int((predictions * labels).sum())
    fp = int((predictions * (1 - labels)).sum())
    fn = int(((1 - predictions) * labels).sum())
    accuracy = (predictions == labels).sum().item() / max(len(labels), 1)
    precision, recall = tp / max(tp + fp, 1), tp / max(tp + fn, 1)
    return accuracy, precision * recall / max(precision + recall, 1e-12)
