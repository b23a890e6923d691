"""Pads on the left."""

import torch

MISTAKE = "left padding"


def collate(rows, pad_id):
    width = max(map(len, rows), default=0)
    ids = [[pad_id] * (width - len(row)) + row for row in rows]
    mask = [[0] * (width - len(row)) + [1] * len(row) for row in rows]
    shape = (len(rows), width)
    return {
        "input_ids": torch.tensor(ids).long().reshape(shape),
        "attention_mask": torch.tensor(mask).long().reshape(shape),
    }
