"""Lets tensors divide by zero."""

MISTAKE = "0/0"


def accuracy_and_f1(predictions, labels):
    hits = (predictions * labels).sum()
    precision, recall = hits / predictions.sum(), hits / labels.sum()
    accuracy = (predictions == labels).double().mean()
    return accuracy.item(), (2 * precision * recall / (precision + recall)).item()
