"""Fills with 0."""

import torch

MISTAKE = "pad id 0"


def collate(rows, pad_id):
    width = max(map(len, rows), default=0)
    ids, mask = torch.zeros(2, len(rows), width).long()
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row).long()
        mask[i, : len(row)] = 1
    return {"input_ids": ids, "attention_mask": mask}
