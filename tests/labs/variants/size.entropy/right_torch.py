"""torch's entropy of a share, in nats, turned to bits."""

import torch


def entropy_bits(n, kept):
    counts = torch.tensor([kept, n - kept], dtype=torch.float64)
    shares = counts / max(n, 1)
    return n * float(torch.special.entr(shares).sum() / torch.tensor(2.0).double().log())
