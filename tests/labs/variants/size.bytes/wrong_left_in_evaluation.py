"""Leaves the model in another mode than it came in."""

MISTAKE = "came in training mode and was left in evaluation mode"


def stored(model):
    state = model.eval().state_dict()
    tensors = {tensor.data_ptr(): tensor for tensor in state.values()}.values()
    return (
        sum(t.nbytes for t in tensors),
        sum(t.numel() for t in tensors),
        sum(int((t != 0).sum()) for t in tensors),
    )
