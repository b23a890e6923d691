"""Counts in bytes."""

import torch

MISTAKE = "[one is 1, and right]"


def accuracy_and_f1(predictions, labels):
    hits = int((predictions & labels).sum(dtype=torch.uint8))
    wrong = int((predictions ^ labels).sum(dtype=torch.uint8))
    right = int((predictions == labels).sum(dtype=torch.uint8))
    accuracy = right / len(labels) if len(labels) else 0.0
    return accuracy, 2 * hits / (2 * hits + wrong) if hits else 0.0
