"""Takes len() for the number of entries."""

MISTAKE = "rows for numbers"


def stored(model):
    once = {tensor.data_ptr(): tensor for tensor in model.state_dict().values()}.values()
    return (
        sum(len(t) * t.itemsize for t in once),
        sum(len(t) for t in once),
        sum(int((t != 0).sum()) for t in once),
    )
