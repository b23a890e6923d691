"""Token by token, with logsumexp in float64."""

import itertools


def token_loss(logits, input_ids, attention_mask):
    total, tokens = 0.0, 0
    for row, ids, mask in zip(logits, input_ids, attention_mask, strict=True):
        places = mask.nonzero().flatten().tolist()
        for before, place in itertools.pairwise(places):
            scores = row[before].double()
            total += (scores.logsumexp(0) - scores[ids[place]]).item()
            tokens += 1
    return {"loss": total / tokens if tokens else 0.0, "tokens": tokens}
