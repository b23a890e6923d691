"""Counts the parameters as torch does: two objects on one memory are two."""

MISTAKE = "tied tensors counted twice"


def stored(model):
    names = set(model.state_dict())
    tensors = [p.detach() for p in model.parameters()]
    tensors += [buffer for name, buffer in model.named_buffers() if name in names]
    return (
        sum(t.nbytes for t in tensors),
        sum(t.numel() for t in tensors),
        sum(int((t != 0).sum()) for t in tensors),
    )
