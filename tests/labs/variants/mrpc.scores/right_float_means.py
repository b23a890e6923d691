"""Products and means of floating-point tensors; nan becomes 0."""


def accuracy_and_f1(predictions, labels):
    p, y = predictions.double(), labels.double()
    return [(p == y).double().mean().nan_to_num(), (2 * (p * y).sum() / (p + y).sum()).nan_to_num()]
