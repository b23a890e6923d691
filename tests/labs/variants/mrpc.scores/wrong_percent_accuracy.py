"""Returns the accuracy in percent, F1 from 0 to 1."""

MISTAKE = "percent"


def accuracy_and_f1(predictions, labels):
    tp = int((predictions * labels).sum())
    wrong = int((predictions != labels).sum())
    accuracy = (predictions == labels).sum().item() / max(len(labels), 1)
    return 100 * accuracy, 2 * tp / max(2 * tp + wrong, 1)
