"""Looks for a bit that is set, and the sign of -0.0 is."""

import torch

MISTAKE = "-0.0 for a weight"


def nonzeros(tensor):
    raw = tensor.contiguous().numpy().tobytes() if tensor.dtype != torch.bfloat16 else None
    if raw is None:
        return int(tensor.contiguous().view(torch.int16).count_nonzero())
    size = tensor.itemsize
    return sum(any(raw[i : i + size]) for i in range(0, len(raw), size))


def stored(model):
    once = {tensor.data_ptr(): tensor for tensor in model.state_dict().values()}.values()
    return (
        sum(t.numel() * t.itemsize for t in once),
        sum(t.numel() for t in once),
        sum(nonzeros(t) for t in once),
    )
