"""Pads the ids on the left and the mask on the right."""

import torch

MISTAKE = "left padding"


def collate(rows, pad_id):
    width = max(map(len, rows), default=0)
    ids = [[pad_id] * (width - len(row)) + row for row in rows]
    mask = [[1] * len(row) + [0] * (width - len(row)) for row in rows]
    shape = (len(rows), width)
    return {
        "input_ids": torch.tensor(ids).long().reshape(shape),
        "attention_mask": torch.tensor(mask).long().reshape(shape),
    }
