"""Marks the padding."""

import torch

MISTAKE = "mask inverted"


def collate(rows, pad_id):
    width = max(map(len, rows), default=0)
    ids = torch.full((len(rows), width), pad_id)
    mask = torch.ones(len(rows), width).long()
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row).long()
        mask[i, : len(row)] = 0
    return {"input_ids": ids, "attention_mask": mask}
