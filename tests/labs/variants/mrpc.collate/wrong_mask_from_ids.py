"""Takes each padding id for padding."""

import torch

MISTAKE = "a mask made from the ids"


def collate(rows, pad_id):
    width = max(map(len, rows), default=0)
    ids = torch.full((len(rows), width), pad_id)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row).long()
    return {"input_ids": ids, "attention_mask": ids.ne(pad_id).long()}
