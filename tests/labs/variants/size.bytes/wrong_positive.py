"""Counts the weights above zero."""

MISTAKE = "positive weights only"


def stored(model):
    once = {tensor.data_ptr(): tensor for tensor in model.state_dict().values()}.values()
    return (
        sum(t.numel() * t.itemsize for t in once),
        sum(t.numel() for t in once),
        sum(int((t > 0).sum()) for t in once),
    )
