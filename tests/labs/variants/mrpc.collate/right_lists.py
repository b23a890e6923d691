"""Plain lists, made into tensors at the end."""

import torch


def collate(rows, pad_id):
    width = max([0] + [len(row) for row in rows])
    ids = [row + [pad_id] * (width - len(row)) for row in rows]
    mask = [[1] * len(row) + [0] * (width - len(row)) for row in rows]
    return {
        "input_ids": torch.tensor(ids, dtype=torch.long).reshape(len(rows), width),
        "attention_mask": torch.tensor(mask, dtype=torch.long).reshape(len(rows), width),
    }
