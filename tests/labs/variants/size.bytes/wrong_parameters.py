"""Goes through the parameters, of which torch lists tied ones once, and forgets the buffers."""

MISTAKE = "buffers left out"


def stored(model):
    once = list(model.parameters())
    return (
        sum(t.numel() * t.itemsize for t in once),
        sum(t.numel() for t in once),
        sum(int((t != 0).sum()) for t in once),
    )
