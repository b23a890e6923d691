"""Pads tensors of which an empty first one makes all float32."""

import torch
from torch.nn.utils.rnn import pad_sequence

MISTAKE = "no tokens first"


def collate(rows, pad_id):
    if not rows:
        empty = torch.zeros((0, 0), dtype=torch.int64)
        return {"input_ids": empty, "attention_mask": empty.clone()}
    tensors = [torch.tensor(row) for row in rows]
    ids = pad_sequence(tensors, batch_first=True, padding_value=pad_id).long()
    ones = [torch.ones(len(row), dtype=torch.int64) for row in rows]
    return {"input_ids": ids, "attention_mask": pad_sequence(ones, batch_first=True)}
