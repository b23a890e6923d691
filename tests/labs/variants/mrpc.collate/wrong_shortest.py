"""Cuts the rows."""

import torch

MISTAKE = "cut to the shortest"


def collate(rows, pad_id):
    width = min(map(len, rows), default=0)
    ids = torch.tensor([row[:width] for row in rows]).long().reshape(len(rows), width)
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
