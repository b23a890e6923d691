"""Parameters, which torch lists once where they are tied, and the buffers of the state dict."""


def stored(model):
    names = set(model.state_dict())
    tensors = [t.detach() for _, t in model.named_parameters()]
    tensors += [t for name, t in model.named_buffers() if name in names]
    flat = [t.reshape(-1) for t in tensors]
    return (
        sum(t.nbytes for t in flat),
        sum(len(t) for t in flat),
        sum(t.count_nonzero().item() for t in flat),
    )
