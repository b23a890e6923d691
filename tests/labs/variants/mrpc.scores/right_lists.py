"""Plain Python, by way of precision and recall."""


def accuracy_and_f1(predictions, labels):
    pairs = list(zip(predictions.tolist(), labels.tolist(), strict=True))
    if not pairs:
        return 0.0, 0.0
    accuracy = sum(a == b for a, b in pairs) / len(pairs)
    hits = pairs.count((1, 1))
    if not hits:
        return accuracy, 0.0
    precision = hits / sum(a for a, _ in pairs)
    recall = hits / sum(b for _, b in pairs)
    return accuracy, 2 * precision * recall / (precision + recall)
