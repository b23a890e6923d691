"""Turns the model into booleans to count the Trues."""

MISTAKE = "changed its input in place"


def stored(model):
    once = {tensor.data_ptr(): tensor for tensor in model.state_dict().values()}.values()
    size = sum(t.numel() * t.itemsize for t in once)
    numbers = sum(t.numel() for t in once)
    return size, numbers, sum(int(t.copy_(t != 0).sum()) for t in once)
