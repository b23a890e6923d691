"""Arrays of numpy in an OrderedDict."""

from collections import OrderedDict

import numpy as np
import torch


def collate(rows, pad_id):
    width = max([len(row) for row in rows] + [0])
    lengths = np.array([len(row) for row in rows], dtype=int).reshape(-1, 1)
    keep = np.arange(width)[None, :] < lengths
    ids = np.full(keep.shape, pad_id, dtype=np.int64)
    ids[keep] = np.array([token for row in rows for token in row], dtype=np.int64)
    mask = torch.from_numpy(keep.astype(np.int64))
    return OrderedDict(input_ids=torch.from_numpy(ids), attention_mask=mask)
