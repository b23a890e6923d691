"""Takes the precision for F1."""

MISTAKE = "precision for F1"


def accuracy_and_f1(predictions, labels):
    if len(labels) == 0:
        return 0.0, 0.0
    called = int((predictions == 1).sum())
    tp = int(((predictions == 1) & (labels == 1)).sum())
    return float((predictions == labels).double().mean()), tp / called if called else 0.0
