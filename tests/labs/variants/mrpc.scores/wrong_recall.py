"""Takes the recall for F1."""

MISTAKE = "recall for F1"


def accuracy_and_f1(predictions, labels):
    if len(labels) == 0:
        return 0.0, 0.0
    ones = int((labels == 1).sum())
    tp = int(((predictions == 1) & (labels == 1)).sum())
    return float((predictions == labels).double().mean()), tp / ones if ones else 0.0
