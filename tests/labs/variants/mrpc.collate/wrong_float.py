"""Pads as float32, which holds whole numbers up to 2**24 only."""

import torch

MISTAKE = "large ids"


def collate(rows, pad_id):
    width = max(map(len, rows), default=0)
    ids = torch.full((len(rows), width), float(pad_id))
    mask = torch.zeros(len(rows), width)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row).float()
        mask[i, : len(row)] = 1
    return {"input_ids": ids.long(), "attention_mask": mask.long()}
