"""A named tuple of numbers of numpy."""

from collections import namedtuple

import numpy as np

Stored = namedtuple("Stored", "size numbers nonzeros")


def stored(model):
    tensors = {tensor.data_ptr(): tensor for tensor in model.state_dict().values()}.values()
    rows = [(t.nbytes, t.numel(), int(t.count_nonzero())) for t in tensors]
    return Stored(*np.array([(0, 0, 0), *rows]).sum(axis=0))
