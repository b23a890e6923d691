"""pad_sequence, which wants rows."""

import torch
from torch.nn.utils.rnn import pad_sequence


def collate(rows, pad_id):
    if not rows:
        return {name: torch.zeros(0, 0).long() for name in ("input_ids", "attention_mask")}
    ids = [torch.tensor(row, dtype=torch.int64) for row in rows]
    return {
        "input_ids": pad_sequence(ids, batch_first=True, padding_value=pad_id),
        "attention_mask": pad_sequence([torch.ones_like(row) for row in ids], batch_first=True),
    }
