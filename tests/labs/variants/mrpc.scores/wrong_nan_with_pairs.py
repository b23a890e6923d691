"""Thinks of the case without pairs only: F1 by tensors is nan where nothing is 1 or called 1."""

MISTAKE = "0/0"


def accuracy_and_f1(predictions, labels):
    if len(labels) == 0:
        return 0.0, 0.0
    tp = ((predictions == 1) & (labels == 1)).sum()
    wrong = (predictions != labels).sum()
    return (predictions == labels).double().mean().item(), (2 * tp / (2 * tp + wrong)).item()
