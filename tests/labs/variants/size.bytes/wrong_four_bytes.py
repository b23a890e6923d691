"""Takes each number for a float32."""

MISTAKE = "four bytes for each number"


def stored(model):
    once = {tensor.data_ptr(): tensor for tensor in model.state_dict().values()}.values()
    return (
        sum(4 * t.numel() for t in once),
        sum(t.numel() for t in once),
        sum(int((t != 0).sum()) for t in once),
    )
