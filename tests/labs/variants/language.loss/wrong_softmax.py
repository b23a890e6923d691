"""Takes the logarithm of a softmax."""

MISTAKE = "the logarithm of a softmax"


def token_loss(logits, input_ids, attention_mask):
    counts = (attention_mask[:, 1:] * attention_mask[:, :-1]).bool()
    chosen = logits[:, :-1].float().softmax(-1).gather(-1, input_ids[:, 1:, None])[..., 0]
    losses = -chosen.log()
    tokens = int(counts.sum())
    return {"loss": losses[counts].sum().item() / max(tokens, 1), "tokens": tokens}
