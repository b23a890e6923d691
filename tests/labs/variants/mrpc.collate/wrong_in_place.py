"""Pads the rows themselves."""

import torch

MISTAKE = "changed its input in place"


def collate(rows, pad_id):
    lengths = torch.tensor([len(row) for row in rows]).long()
    width = max(lengths.tolist(), default=0)
    for row in rows:
        row += [pad_id] * (width - len(row))
    ids = torch.tensor(rows).long().reshape(len(rows), width)
    return {
        "input_ids": ids,
        "attention_mask": (torch.arange(width) < lengths[:, None]).long(),
    }
