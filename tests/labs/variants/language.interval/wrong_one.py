"""Returns the mean for both ends."""

MISTAKE = "one mean for both ends"


def block_interval(losses, size, draws):
    mean = losses.double().mean().item()
    return mean, mean
