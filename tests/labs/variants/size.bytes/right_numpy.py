"""numpy; a place is a memory and how far into it the tensor begins."""

import numpy as np
import torch


def stored(model):
    arrays = {}
    for tensor in model.state_dict().values():
        place = tensor.untyped_storage().data_ptr(), tensor.storage_offset()
        # numpy has no bfloat16: the bytes are counted by hand.
        arrays[place] = tensor.to(torch.float64).numpy(), tensor.element_size()
    return (
        sum(array.size * width for array, width in arrays.values()),
        sum(array.size for array, _ in arrays.values()),
        sum(int(np.count_nonzero(array)) for array, _ in arrays.values()),
    )
