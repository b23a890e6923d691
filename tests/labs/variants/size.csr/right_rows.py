"""One row after the other, put together at the end."""

import torch


def to_csr(weight):
    places = [row.nonzero().flatten() for row in weight]
    starts = torch.zeros(len(places) + 1).long()
    for i, place in enumerate(places):
        starts[i + 1] = starts[i] + len(place)
    values = [row[place] for row, place in zip(weight, places, strict=True)]
    return (
        torch.cat([weight.new_zeros(0), *values]),
        torch.cat([torch.zeros(0).long(), *places]).int(),
        starts,
    )
