"""Takes a formula for independent tokens."""

MISTAKE = "a normal interval of the tokens"


def block_interval(losses, size, draws):
    values = losses.double().numpy()
    error = values.std(ddof=len(values) > 1) / len(values) ** 0.5
    return values.mean() - 1.96 * error, values.mean() + 1.96 * error
