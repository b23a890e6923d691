"""Takes tensors that hold the same numbers for tied."""

import torch

MISTAKE = "equal for tied"


def stored(model):
    once = []
    for tensor in model.state_dict().values():
        if not any(t.dtype == tensor.dtype and torch.equal(t, tensor) for t in once):
            once.append(tensor)
    return (
        sum(t.numel() * t.itemsize for t in once),
        sum(t.numel() for t in once),
        sum(int((t != 0).sum()) for t in once),
    )
