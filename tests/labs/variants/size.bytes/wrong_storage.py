"""Takes all parts of one memory for one tensor."""

MISTAKE = "one memory for one tensor"


def stored(model):
    tensors = {t.untyped_storage().data_ptr(): t for t in model.state_dict().values()}.values()
    return (
        sum(t.nbytes for t in tensors),
        sum(t.numel() for t in tensors),
        sum(int((t != 0).sum()) for t in tensors),
    )
