"""Parameters and the buffers of the state dict, each address once."""


def stored(model):
    names = set(model.state_dict())
    tensors = [t.detach() for _, t in model.named_parameters()]
    tensors += [t for name, t in model.named_buffers() if name in names]
    flat = {t.data_ptr(): t.reshape(-1) for t in tensors}.values()
    return (
        sum(t.nbytes for t in flat),
        sum(len(t) for t in flat),
        sum(t.count_nonzero().item() for t in flat),
    )
