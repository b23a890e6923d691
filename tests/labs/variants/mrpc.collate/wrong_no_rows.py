"""Asks for the longest of no rows."""

import torch

MISTAKE = "no rows"


def collate(rows, pad_id):
    width = max(len(row) for row in rows)
    ids = torch.full((len(rows), width), pad_id)
    mask = torch.zeros(len(rows), width).long()
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row).long()
        mask[i, : len(row)] = 1
    return {"input_ids": ids, "attention_mask": mask}
