"""Always 128 wide."""

import torch

MISTAKE = "padded to a fixed length"


def collate(rows, pad_id):
    ids = torch.full((len(rows), 128), pad_id)
    mask = torch.zeros(len(rows), 128).long()
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row).long()
        mask[i, : len(row)] = 1
    return {"input_ids": ids, "attention_mask": mask}
